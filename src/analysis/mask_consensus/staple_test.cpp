#include "analysis/mask_consensus/staple.hpp"

#include <doctest/doctest.h>
