// Access to stored values as float or double. 16-bit values are converted in pieces that fit the
// first-level cache; others are used in place.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/half.h"

namespace rmpe::cpu {

void widen_all(const Half* values, int64_t size, float* out);
void widen_all(const BFloat16* values, int64_t size, float* out);
void narrow_all(const float* values, int64_t size, Half* out);
void narrow_all(const float* values, int64_t size, BFloat16* out);

template <typename Stored>
class Reader {
 public:
  using Value = ComputeType<Stored>;

  explicit Reader(int64_t size) : size_(size), scratch_(kInPlace ? 0 : size) {}

  // [size], valid until the next call.
  const Value* read(const Stored* values) {
    if constexpr (kInPlace) {
      return values;
    } else {
      widen_all(values, size_, scratch_.data());
      return scratch_.data();
    }
  }

 private:
  static constexpr bool kInPlace = std::is_same_v<Stored, Value>;
  int64_t size_;
  std::vector<Value> scratch_;
};

template <typename Stored>
class Writer {
 public:
  using Value = ComputeType<Stored>;

  explicit Writer(int64_t size) : size_(size), scratch_(kInPlace ? 0 : size) {}

  // Where to write the values, [size], that end(out) stores.
  Value* begin(Stored* out) {
    if constexpr (kInPlace) {
      return out;
    } else {
      return scratch_.data();
    }
  }

  // Converts the values if needed. Follows begin(out).
  void end(Stored* out) const {
    if constexpr (!kInPlace) narrow_all(scratch_.data(), size_, out);
  }

 private:
  static constexpr bool kInPlace = std::is_same_v<Stored, Value>;
  int64_t size_;
  std::vector<Value> scratch_;
};

}  // namespace rmpe::cpu
