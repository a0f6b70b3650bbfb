// Whatever the maps are, a score is their maximum, a joint lies where that is, and where the maps
// hold a NaN both are NaN.
#include <utility>

#include "cpu/decode.h"
#include "cpu/decode_simcc.h"
#include "cpu/soft_argmax.h"
#include "input.h"

namespace {

using fuzz::Input;
using fuzz::require;
using fuzz::Wide;
using rmpe::Subpixel;

rmpe::DecodeConvention convention(Input& input) {
  rmpe::DecodeConvention convention{};
  rmpe::Refinement& r = convention.refinement;
  r.method = Subpixel(input.whole(0, 3));
  const int64_t least = r.method == Subpixel::kQuarter ? 1 : 0;
  r.along = {input.whole(least, 3), input.whole(least, 3)};
  r.across = {input.whole(0, 3), input.whole(0, 3)};
  r.log_min = input.magnitude(1e-12, 1e-2);
  r.log_max = input.flag() ? std::numeric_limits<double>::infinity() : input.magnitude(0.1, 100.0);
  rmpe::set_gaussian(input.magnitude(0.1, 10.0), r.blur);
  convention.no_peak = input.flag() ? std::nan("") : input.uniform(-2.0, 2.0);
  convention.flip_shift = input.flag();
  convention.grid = {input.magnitude(0.1, 10.0), input.magnitude(0.1, 10.0),
                     input.uniform(-1.0, 1.0)};
  return convention;
}

// Where the first of the largest values is, or a NaN where there is one.
template <typename Stored>
int64_t find_peak(const Stored* values, int64_t size) {
  int64_t peak = 0;
  for (int64_t i = 1; i < size; ++i) {
    const auto value = rmpe::widen(values[i]);
    if (value > rmpe::widen(values[peak]) || std::isnan(value)) peak = i;
  }
  return peak;
}

// Maps [N, K, size] with gaps between them. Memory ends with the last.
template <typename Stored>
struct Maps {
  int64_t joint_stride, person_stride;
  std::vector<Stored> values;

  Maps(Input& input, int64_t N, int64_t K, int64_t size)
      : joint_stride(size + input.whole(0, 2)),
        person_stride(K * joint_stride + input.whole(0, 2)) {
    const int64_t count = N > 0 ? (N - 1) * person_stride + (K - 1) * joint_stride + size : 0;
    values = input.values<Stored>(count).data;
  }
};

// What decode and decode_simcc take beside the maps.
struct People {
  int64_t N, K;
  bool flip, has_affines;
  std::vector<int64_t> swapped_joint;
  std::vector<rmpe::Affine> affines;

  explicit People(Input& input)
      : N(input.whole(0, 2)), K(input.whole(1, 3)), flip(input.flag()), has_affines(input.flag()) {
    for (int64_t k = 0; k < K; ++k) swapped_joint.push_back(input.whole(0, K - 1));
    for (int64_t n = 0; has_affines && n < N; ++n) affines.push_back(input.affine());
  }

  const rmpe::Affine* to_image() const { return has_affines ? affines.data() : nullptr; }
};

// Runs op(begin, end, keypoints, scores), and returns what it writes.
template <typename T, typename Op>
std::pair<std::vector<T>, std::vector<T>> decoded(int64_t joints, int64_t split, Op&& op) {
  std::vector<T> keypoints(2 * joints), scores(joints), again(2 * joints), scores_again(joints);
  op(0, joints, keypoints.data(), scores.data());
  fuzz::in_two(joints, split, [&](int64_t begin, int64_t end) {
    op(begin, end, again.data(), scores_again.data());
  });
  fuzz::require_same(keypoints, again, "two ranges of joints give what one gives");
  fuzz::require_same(scores, scores_again, "two ranges of joints give what one gives");
  return {keypoints, scores};
}

template <typename Stored>
void decode(Input& input) {
  using T = Wide<Stored>;
  const People people(input);
  const int64_t height = input.whole(1, 26), width = input.whole(1, 26), size = height * width;
  const Maps<Stored> own(input, people.N, people.K, size);
  const Maps<Stored> mirrored(input, people.N, people.K, size);
  rmpe::cpu::DecodeBatch<Stored> batch{};
  batch.heatmaps = {own.values.data(), own.person_stride, own.joint_stride};
  if (people.flip) {
    batch.flipped = {mirrored.values.data(), mirrored.person_stride, mirrored.joint_stride};
  }
  batch.swapped_joint = people.swapped_joint.data();
  batch.to_image = people.to_image();
  batch.N = people.N;
  batch.K = people.K;
  batch.height = height;
  batch.width = width;
  batch.convention = convention(input);
  const Subpixel method = batch.convention.refinement.method;
  const auto [keypoints, scores] =
      decoded<T>(people.N * people.K, input.whole(0, 6),
                 [&](auto... range) { rmpe::cpu::decode(batch, range...); });

  for (int64_t i = 0; i < people.N * people.K; ++i) {
    const int64_t n = i / people.K, k = i % people.K;
    const Stored* map = batch.heatmaps.map(n, k);
    const int64_t peak = find_peak(map, size);
    const T x = keypoints[2 * i], y = keypoints[2 * i + 1], largest = rmpe::widen(map[peak]);
    if (!people.flip) {
      require(std::isnan(largest) ? std::isnan(scores[i]) : scores[i] == largest,
              "the score is the largest value, or NaN for one");
    }
    if (std::isnan(scores[i])) {
      require(std::isnan(x) && std::isnan(y), "without a score there is no joint");
    } else if (people.has_affines) {
      require(is_finite(people.affines[n]) || (std::isnan(x) && std::isnan(y)),
              "an affine that is not finite gives no joint");
    } else if (!has_peak(batch.convention, scores[i])) {
      require(x == T(batch.convention.no_peak) && y == x, "no peak is where it is said");
    } else if (method == Subpixel::kNone || method == Subpixel::kQuarter) {
      const int64_t column = std::lround(x), row = std::lround(y);
      require(column >= 0 && row >= 0 && column < width && row < height, "joints lie in the map");
      require(people.flip || row * width + column == peak, "a joint lies on the first peak");
    } else {
      require(std::isfinite(x) && std::isfinite(y), "joints are finite");
    }
  }
}

template <typename Stored>
void decode_simcc(Input& input) {
  using T = Wide<Stored>;
  const People people(input);
  const int64_t x_size = input.whole(1, 300), y_size = input.whole(1, 300);
  const auto maps = [&](int64_t size) { return Maps<Stored>(input, people.N, people.K, size); };
  const Maps<Stored> x = maps(x_size), x_mirrored = maps(x_size);
  const Maps<Stored> y = maps(y_size), y_mirrored = maps(y_size);
  const auto vectors = [&](const Maps<Stored>& own, const Maps<Stored>& mirrored, int64_t size) {
    return rmpe::SimccVectors<Stored>{own.values.data(),
                                      people.flip ? mirrored.values.data() : nullptr,
                                      own.person_stride,
                                      own.joint_stride,
                                      mirrored.person_stride,
                                      mirrored.joint_stride,
                                      size};
  };
  const rmpe::cpu::SimccBatch<Stored> batch{vectors(x, x_mirrored, x_size),
                                            vectors(y, y_mirrored, y_size),
                                            people.swapped_joint.data(),
                                            people.to_image(),
                                            people.N,
                                            people.K,
                                            input.magnitude(0.1, 10.0)};
  const auto [keypoints, scores] =
      decoded<T>(people.N * people.K, input.whole(0, 6),
                 [&](auto... range) { rmpe::cpu::decode_simcc(batch, range...); });

  for (int64_t i = 0; i < people.N * people.K; ++i) {
    const int64_t n = i / people.K, k = i % people.K;
    for (int axis = 0; axis < 2; ++axis) {
      const auto& along = axis == 0 ? batch.x : batch.y;
      const Stored* vector = along.vector(n, k);
      const int64_t peak = find_peak(vector, along.size);
      const T at = keypoints[2 * i + axis], largest = rmpe::widen(vector[peak]);
      if (!people.flip) {
        require(scores[i] <= largest || std::isnan(scores[i]), "the lesser of two is the score");
      }
      if (std::isnan(scores[i])) {
        require(std::isnan(at), "without a score there is no joint");
      } else if (people.has_affines) {
        require(is_finite(people.affines[n]) || std::isnan(at),
                "an affine that is not finite gives no joint");
      } else {
        const int64_t bin = std::lround(double(at) * batch.split_ratio);
        if (scores[i] > 0) {
          require(bin >= 0 && bin < along.size, "bins lie in the vector");
          require(people.flip || bin == peak, "a joint lies on the first peak");
        } else {
          require(bin == -1, "without a peak the bin is -1");
        }
      }
    }
  }
}

template <typename Stored>
void soft_argmax(Input& input) {
  using T = Wide<Stored>;
  const int64_t maps = input.whole(0, 3), height = input.whole(1, 20), width = input.whole(1, 20);
  const T beta = T(input.magnitude(1e-30, 1e30));
  const auto heatmaps = input.values<Stored>(maps * height * width);
  const auto grad = input.values<T>(2 * maps);
  std::vector<T> keypoints(2 * maps), again(2 * maps);
  std::vector<rmpe::Partition<T>> partition(maps);
  std::vector<Stored> gradient(maps * height * width), gradient_again(maps * height * width);
  const auto both = [&](int64_t begin, int64_t end, T* points, Stored* by_value) {
    rmpe::cpu::soft_argmax(heatmaps.data.data(), height, width, beta, begin, end, points,
                           partition.data());
    rmpe::cpu::soft_argmax_backward(grad.data.data(), heatmaps.data.data(), points,
                                    partition.data(), height, width, beta, begin, end, by_value);
  };
  both(0, maps, keypoints.data(), gradient.data());
  fuzz::in_two(maps, input.whole(0, 3), [&](int64_t begin, int64_t end) {
    both(begin, end, again.data(), gradient_again.data());
  });
  fuzz::require_same(keypoints, again, "two ranges of maps give what one gives");
  fuzz::require_same(gradient, gradient_again, "two ranges of maps give what one gives");
  const auto within = [](T value, int64_t size) {
    return value >= T(-1e-4) && value <= T(size - 1) + T(1e-4);
  };
  for (int64_t i = 0; i < maps; ++i) {
    const T x = keypoints[2 * i], y = keypoints[2 * i + 1];
    require(std::isfinite(partition[i].maximum) ? within(x, width) && within(y, height)
                                                : std::isnan(x) && std::isnan(y),
            "the mean lies within the map, or is NaN without a finite maximum");
  }
  if (heatmaps.tame && grad.tame && beta < T(100)) {
    for (const Stored value : gradient) {
      require(std::isfinite(rmpe::widen(value)), "the gradient is finite");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  const int64_t op = input.whole(0, 3);  // decode, which has most to find, twice
  fuzz::with_stored_type(input, [&](auto zero) {
    using Stored = decltype(zero);
    if (op == 0) return decode_simcc<Stored>(input);
    if (op == 1) return soft_argmax<Stored>(input);
    decode<Stored>(input);
  });
  return 0;
}
