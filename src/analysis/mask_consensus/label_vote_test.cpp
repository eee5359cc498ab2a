#include "analysis/mask_consensus/label_vote.hpp"

#include <doctest/doctest.h>
