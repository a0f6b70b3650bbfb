// Cost: a pose of 17 joints has 0.3 KB, so that the poses of an image stay in the cache and
// arithmetic is the bottleneck. A joint of a pair takes some 50 operations, 32 of them the
// exponential, for as many pairs at once as a vector has lanes: 0.75 ns on a Zen 4 core. A pose is
// compared with the kept poses only, and only up to the first that removes it.
#include "cpu/pose_nms.h"

#include <vector>

#include "cpu/greedy.h"
#include "cpu/pose_references.h"

namespace rmpe::cpu {
namespace {

// Kept for greedy_nms.
template <typename T>
class KeptPoses {
 public:
  KeptPoses(const PoseList<T>& poses, const T* boxes, const PoseNMSParameters& parameters)
      : references_(poses, boxes, parameters),
        weights_(poses.K),
        eta_(T(parameters.eta)),
        enough_(enough_near_joints<T>(parameters, poses.K)) {}

  bool rank(int64_t i, double& score) const { return references_.rank(i, score); }

  void clear() { references_.clear(); }

  int64_t find_suppressor(int64_t i) {
    candidate_ = i;
    references_.weigh(i, weights_.data());
    T similarity[kLanes<T>], near[kLanes<T>];
    for (int64_t b = 0; b < references_.block_count(); ++b) {
      references_.compare(i, weights_.data(), b, similarity, near);
      for (int64_t l = 0; l < references_.size_of(b); ++l) {
        if (eliminates(similarity[l], near[l], eta_, enough_)) return b * kLanes<T> + l;
      }
    }
    return -1;
  }

  void keep() { references_.add(candidate_, weights_.data()); }

 private:
  PoseReferences<T> references_;
  std::vector<T> weights_;  // [K], of the candidate
  int64_t candidate_ = 0;
  T eta_, enough_;
};

}  // namespace

template <typename T>
void pose_nms(const PoseList<T>& poses, const T* boxes, const PoseNMSParameters& parameters,
              const Groups& images, int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
  KeptPoses<T> kept(poses, boxes, parameters);
  greedy_nms(images, begin, end, kept, keep, suppressor);
}

template void pose_nms(const PoseList<float>&, const float*, const PoseNMSParameters&,
                       const Groups&, int64_t, int64_t, bool*, int64_t*);
template void pose_nms(const PoseList<double>&, const double*, const PoseNMSParameters&,
                       const Groups&, int64_t, int64_t, bool*, int64_t*);

}  // namespace rmpe::cpu
