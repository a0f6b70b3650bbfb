// A range of columns of a row.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rmpe::cpu {

struct Span {
  int64_t first, last;

  // The columns in both spans. An empty result lies within this span too.
  Span intersect(const Span& other) const {
    const int64_t begin = std::min(last, std::max(first, other.first));
    return {begin, std::max(begin, std::min(last, other.last))};
  }
};

}  // namespace rmpe::cpu
