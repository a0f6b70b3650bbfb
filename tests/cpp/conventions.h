// The decoding conventions as the library takes them, to be compared with the oracle's own words.
#pragma once

#include <limits>

#include "core/decode.h"
#include "core/grid.h"
#include "oracles/decode.h"

// In heatmap pixels.
inline rmpe::DecodeConvention decode_convention(oracle::Convention convention) {
  using rmpe::Grid;
  using rmpe::Subpixel;
  rmpe::DecodeConvention c{};
  c.refinement.log_min = 1e-10;
  c.refinement.log_max = std::numeric_limits<double>::infinity();
  rmpe::set_gaussian(2.0, c.refinement.blur);
  c.grid = {1.0, 1.0, 0.0};
  Grid grid = Grid::kAsymmetric;
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
      grid = Grid::kHalfPixel;
      c.refinement.method = Subpixel::kQuarter;
      c.refinement.along = c.refinement.across = {1, 1};
      c.no_peak = -1.0;
      break;
    case oracle::Convention::kDark:
      c.refinement.method = Subpixel::kDark;
      c.refinement.along = c.refinement.across = {2, 2};
      break;
    case oracle::Convention::kDarkUdp:
      grid = Grid::kAlignCorners;
      c.refinement.method = Subpixel::kDarkUdp;
      c.refinement.log_min = 1e-3;
      c.refinement.log_max = 50.0;
      break;
    case oracle::Convention::kArgmax:
      c.no_peak = std::numeric_limits<double>::quiet_NaN();
      break;
  }
  c.flip_shift = shifts_in_mirror(grid);
  return c;
}

inline bool steps_by_newton(const rmpe::DecodeConvention& c) {
  return rmpe::patch_radius(c.refinement.method) > 0;
}

constexpr oracle::Convention kConventions[] = {
    oracle::Convention::kHrnet, oracle::Convention::kMmpose,  oracle::Convention::kHourglass,
    oracle::Convention::kDark,  oracle::Convention::kDarkUdp, oracle::Convention::kArgmax};
