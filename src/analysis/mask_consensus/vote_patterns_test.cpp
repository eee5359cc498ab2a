#include "analysis/mask_consensus/vote_patterns.hpp"

#include <doctest/doctest.h>
