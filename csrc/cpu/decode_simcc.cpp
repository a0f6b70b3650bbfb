// Cost: each vector is read once, a few KB per joint; memory is the bottleneck.
#include "cpu/decode_simcc.h"

#include <vector>

#include "cpu/convert.h"
#include "cpu/flip.h"
#include "cpu/peak.h"

namespace rmpe::cpu {
namespace {

// Finds the peaks along one axis. mirrored: whether a mirrored image reverses this axis.
template <typename Stored>
class AxisPeaks {
 public:
  using T = ComputeType<Stored>;

  AxisPeaks(const SimccVectors<Stored>& vectors, bool mirrored)
      : vectors_(vectors),
        mirrored_(mirrored),
        reader_(vectors.size),
        flipped_reader_(vectors.flipped ? vectors.size : 0),
        averaged_(vectors.flipped ? vectors.size : 0) {}

  Peak<T> find(int64_t n, int64_t k, int64_t swapped) {
    const int64_t size = vectors_.size;
    const T* values = reader_.read(vectors_.vector(n, k));
    if (vectors_.flipped) {
      const T* flipped = flipped_reader_.read(vectors_.flipped_vector(n, swapped));
      if (mirrored_) {
        average_flipped(values, flipped, 1, size, false, averaged_.data());
      } else {
        average(values, flipped, size, averaged_.data());
      }
      values = averaged_.data();
    }
    return find_peak(values, size);
  }

 private:
  const SimccVectors<Stored>& vectors_;
  bool mirrored_;
  Reader<Stored> reader_, flipped_reader_;
  std::vector<T> averaged_;
};

}  // namespace

template <typename Stored>
void decode_simcc(const SimccBatch<Stored>& batch, int64_t begin, int64_t end,
                  ComputeType<Stored>* keypoints, ComputeType<Stored>* scores) {
  using T = ComputeType<Stored>;
  AxisPeaks<Stored> x_peaks(batch.x, true), y_peaks(batch.y, false);
  for (int64_t item = begin; item < end; ++item) {
    const int64_t n = item / batch.K, k = item % batch.K;
    const int64_t swapped = batch.x.flipped ? batch.swapped_joint[k] : k;
    const Peak<T> x_peak = x_peaks.find(n, k, swapped), y_peak = y_peaks.find(n, k, swapped);
    const T score = simcc_score(batch.score, x_peak.value, y_peak.value);
    Point point = simcc_point(score, x_peak.index, y_peak.index, batch.split_ratio);
    if (batch.to_image) point = map_point(batch.to_image[n], point);
    keypoints[2 * item] = T(point.x);
    keypoints[2 * item + 1] = T(point.y);
    scores[item] = score;
  }
}

template void decode_simcc(const SimccBatch<float>&, int64_t, int64_t, float*, float*);
template void decode_simcc(const SimccBatch<double>&, int64_t, int64_t, double*, double*);
template void decode_simcc(const SimccBatch<Half>&, int64_t, int64_t, float*, float*);
template void decode_simcc(const SimccBatch<BFloat16>&, int64_t, int64_t, float*, float*);

}  // namespace rmpe::cpu
