// Cost: as in pose_nms, with some 40 operations for a joint of a pair, 32 of them the exponential.
#include "cpu/oks_nms.h"

#include "cpu/greedy.h"
#include "cpu/oks_references.h"

namespace rmpe::cpu {
namespace {

// Kept for greedy_nms.
template <typename T>
class KeptPoses {
 public:
  KeptPoses(const PoseList<T>& poses, const T* areas, const T* sigmas, double threshold)
      : references_(poses, areas, sigmas), threshold_(T(threshold)) {}

  bool rank(int64_t i, double& score) const { return references_.rank(i, score); }

  void clear() { references_.clear(); }

  int64_t find_suppressor(int64_t i) {
    candidate_ = i;
    T oks[kLanes<T>];
    for (int64_t b = 0; b < references_.block_count(); ++b) {
      references_.compare(i, b, oks);
      for (int64_t l = 0; l < references_.size_of(b); ++l) {
        if (oks[l] > threshold_) return b * kLanes<T> + l;
      }
    }
    return -1;
  }

  void keep() { references_.add(candidate_); }

 private:
  OksReferences<T> references_;
  T threshold_;
  int64_t candidate_ = 0;
};

}  // namespace

template <typename T>
void oks_nms(const PoseList<T>& poses, const T* areas, const T* sigmas, double threshold,
             const Groups& images, int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
  KeptPoses<T> kept(poses, areas, sigmas, threshold);
  greedy_nms(images, begin, end, kept, keep, suppressor);
}

template void oks_nms(const PoseList<float>&, const float*, const float*, double, const Groups&,
                      int64_t, int64_t, bool*, int64_t*);
template void oks_nms(const PoseList<double>&, const double*, const double*, double, const Groups&,
                      int64_t, int64_t, bool*, int64_t*);

}  // namespace rmpe::cpu
