#include "analysis/mask_consensus/shape_average.hpp"

#include <doctest/doctest.h>
