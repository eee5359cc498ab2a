#include "analysis/mask_consensus/multi_label_staple.hpp"

#include <doctest/doctest.h>
