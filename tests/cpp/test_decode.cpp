// Decoders on maps that end where their memory ends: under AddressSanitizer, any access beyond
// fails. Every way to refine a peak runs at every place of maps of every small size.
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "check.h"
#include "cpu/decode.h"
#include "cpu/decode_simcc.h"
#include "cpu/soft_argmax.h"

namespace {

using namespace rmpe;

template <typename Stored>
std::unique_ptr<Stored[]> random_values(std::mt19937& random, int64_t size) {
  std::unique_ptr<Stored[]> values(new Stored[size]);
  for (int64_t i = 0; i < size; ++i) {
    const auto value = typename Widened<Stored>::type(int(random() % 256) - 64) / 128;
    narrow(value, values[i]);
  }
  return values;
}

Refinement refinement_of(Subpixel method) {
  Refinement refinement{method, {0, 0}, {0, 0}, {}, 1e-3, 50.0};
  if (method == Subpixel::kQuarter) refinement.along = {1, 1};
  set_gaussian(2.0, refinement.blur);
  return refinement;
}

template <typename Stored>
void check_decode(std::mt19937& random, int64_t height, int64_t width, Subpixel method, bool flip) {
  const int64_t K = 3, size = K * height * width;
  const auto heatmaps = random_values<Stored>(random, size);
  const auto flipped = random_values<Stored>(random, size);
  const std::vector<int64_t> swapped{1, 0, 2};
  const Affine identity{1, 0, 0, 0, 1, 0};
  const cpu::DecodeBatch<Stored> batch{{heatmaps.get(), size, height * width},
                                       {flip ? flipped.get() : nullptr, size, height * width},
                                       swapped.data(), &identity, K, height, width,
                                       refinement_of(method), -1.0, true, flip, {1.0, 1.0, 0.0}};
  std::vector<typename Widened<Stored>::type> keypoints(2 * K), scores(K);
  cpu::decode(batch, 0, 1, keypoints.data(), scores.data());
  cpu::decode(batch, 1, K, keypoints.data(), scores.data());
  for (int64_t k = 0; k < K; ++k) {
    CHECK(!std::isnan(scores[k]));
    const bool exact = method == Subpixel::kNone || method == Subpixel::kQuarter;
    for (int axis = 0; axis < 2; ++axis) {
      const double value = double(keypoints[2 * k + axis]);
      CHECK(std::isfinite(value));
      CHECK(!exact || (value >= -1.0 && value < double(axis == 0 ? width : height)));
    }
  }
}

template <typename Stored>
void check_simcc(std::mt19937& random, int64_t width, int64_t height, bool flip) {
  const auto x = random_values<Stored>(random, width), y = random_values<Stored>(random, height);
  const int64_t swapped = 0;
  const cpu::SimccBatch<Stored> batch{{x.get(), flip ? x.get() : nullptr, 0, 0, 0, 0, width},
                                      {y.get(), flip ? y.get() : nullptr, 0, 0, 0, 0, height},
                                      &swapped, nullptr, 1, 2.0};
  typename Widened<Stored>::type keypoint[2], score;
  cpu::decode_simcc(batch, 0, 1, keypoint, &score);
  CHECK(keypoint[0] >= -0.5f && 2 * keypoint[0] < width);
  CHECK(keypoint[1] >= -0.5f && 2 * keypoint[1] < height);
}

template <typename Stored>
void check_soft_argmax(std::mt19937& random, int64_t height, int64_t width) {
  using T = typename Widened<Stored>::type;
  const auto map = random_values<Stored>(random, height * width);
  T keypoint[2];
  Partition<T> partition;
  cpu::soft_argmax(map.get(), height, width, T(3), 0, 1, keypoint, &partition);
  CHECK(keypoint[0] >= T(-1e-5) && keypoint[0] <= T(width) - T(1) + T(1e-5));
  CHECK(keypoint[1] >= T(-1e-5) && keypoint[1] <= T(height) - T(1) + T(1e-5));
  const T ones[2] = {1, 1};
  std::unique_ptr<Stored[]> gradient(new Stored[height * width]);
  cpu::soft_argmax_backward(ones, map.get(), keypoint, &partition, height, width, T(3), 0, 1,
                            gradient.get());
  // All values moved together move nothing.
  double sum = 0.0;
  for (int64_t i = 0; i < height * width; ++i) sum += double(widen(gradient[i]));
  CHECK(std::fabs(sum) < 0.1);
}

template <typename Stored>
void check_all(std::mt19937& random, int64_t height, int64_t width) {
  for (const bool flip : {false, true}) {
    for (const Subpixel method :
         {Subpixel::kNone, Subpixel::kQuarter, Subpixel::kDark, Subpixel::kDarkUdp}) {
      check_decode<Stored>(random, height, width, method, flip);
    }
    check_simcc<Stored>(random, width, height, flip);
  }
  check_soft_argmax<Stored>(random, height, width);
}

}  // namespace

int main() {
  std::mt19937 random(0);
  for (int64_t height = 1; height < 34; height += 1 + height / 8) {
    for (int64_t width = 1; width < 34; width += 1 + width / 8) {
      check_all<float>(random, height, width);
      check_all<double>(random, height, width);
      check_all<Half>(random, height, width);
      check_all<BFloat16>(random, height, width);
    }
  }
  std::puts("decode: nothing out of place");
}
