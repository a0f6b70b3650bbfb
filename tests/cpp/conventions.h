// The decoding conventions as the library takes them, to be compared with the oracle's own words.
#pragma once

#include <limits>

#include "core/decode.h"
#include "core/grid.h"
#include "oracles/decode.h"

struct DecodeConvention {
  oracle::Convention convention;
  rmpe::Grid grid;
  rmpe::Refinement refinement;
  bool needs_peak;
  double no_peak;

  bool steps_by_newton() const {
    return refinement.method == rmpe::Subpixel::kDark ||
           refinement.method == rmpe::Subpixel::kDarkUdp;
  }
};

inline DecodeConvention decode_convention(oracle::Convention convention) {
  using rmpe::Grid;
  using rmpe::Subpixel;
  const double no_ceiling = std::numeric_limits<double>::infinity();
  DecodeConvention c{convention, Grid::kAsymmetric,
                     {Subpixel::kNone, {0, 0}, {0, 0}, {}, 1e-10, no_ceiling}, true, 0.0};
  rmpe::set_gaussian(2.0, c.refinement.blur);
  switch (convention) {
    case oracle::Convention::kHrnet:
      c.refinement.method = Subpixel::kQuarter;
      c.refinement.along = c.refinement.across = {2, 1};
      break;
    case oracle::Convention::kMmpose:
      c.refinement.method = Subpixel::kQuarter;
      c.refinement.along = {2, 1};
      c.refinement.across = {1, 0};
      c.no_peak = -1.0;
      break;
    case oracle::Convention::kHourglass:
      c.grid = Grid::kHalfPixel;
      c.refinement.method = Subpixel::kQuarter;
      c.refinement.along = c.refinement.across = {1, 1};
      c.no_peak = -1.0;
      break;
    case oracle::Convention::kDark:
      c.refinement.method = Subpixel::kDark;
      c.refinement.along = c.refinement.across = {2, 2};
      break;
    case oracle::Convention::kDarkUdp:
      c.grid = Grid::kAlignCorners;
      c.refinement.method = Subpixel::kDarkUdp;
      c.refinement.floor = 1e-3;
      c.refinement.ceiling = 50.0;
      break;
    case oracle::Convention::kArgmax:
      c.needs_peak = false;
      break;
  }
  return c;
}

constexpr oracle::Convention kConventions[] = {
    oracle::Convention::kHrnet, oracle::Convention::kMmpose,  oracle::Convention::kHourglass,
    oracle::Convention::kDark,  oracle::Convention::kDarkUdp, oracle::Convention::kArgmax};
