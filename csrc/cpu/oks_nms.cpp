// Bytes and operations: as in pose_nms, with some 40 operations for a joint of a pair, 32 of them
// the exponential.
#include "cpu/oks_nms.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/oks_nms.h"
#include "cpu/blocks.h"
#include "cpu/greedy.h"

namespace rmpe::cpu {
namespace {

// Fields of a block of poses: half the area of each, then x and y of joint 0, of joint 1, ...
enum PoseField : int64_t { kHalfArea, kJoints };
constexpr int64_t kJointFields = 2;

// One pose against the kLanes poses of a block.
template <typename T>
inline void compare_poses(const T* block, const T* xy, T half_area, const T* joint_scales,
                          int64_t K,
                          // outputs
                          T* __restrict oks) {  // [kLanes]
  constexpr int64_t L = kLanes<T>;
  T falloff[L], sum[L] = {};
  for (int64_t l = 0; l < L; ++l) falloff[l] = oks_falloff(block[kHalfArea * L + l], half_area);
  for (int64_t n = 0; n < K; ++n) {
    const T* joint = block + (kJoints + kJointFields * n) * L;
    const T x = xy[2 * n], y = xy[2 * n + 1], scale = joint_scales[n];
    for (int64_t l = 0; l < L; ++l) {
      sum[l] += oks_joint(x - joint[l], y - joint[L + l], falloff[l], scale);
    }
  }
  for (int64_t l = 0; l < L; ++l) oks[l] = sum[l] / T(K);
}

// Not a template because GCC cannot clone those.
RMPE_MULTIVERSION void compare_block(const float* block, const float* xy, float half_area,
                                     const float* joint_scales, int64_t K, float* oks) {
  compare_poses(block, xy, half_area, joint_scales, K, oks);
}
RMPE_MULTIVERSION void compare_block(const double* block, const double* xy, double half_area,
                                     const double* joint_scales, int64_t K, double* oks) {
  compare_poses(block, xy, half_area, joint_scales, K, oks);
}

// The poses of a call and those that others are compared with; Kept for greedy_nms.
template <typename T>
class Poses {
 public:
  Poses(const PoseList<T>& poses, const T* areas, const T* sigmas, double threshold)
      : poses_(poses),
        areas_(areas),
        threshold_(T(threshold)),
        blocks_(kJoints + kJointFields * poses.K),
        joint_scales_(poses.K) {
    for (int64_t n = 0; n < poses.K; ++n) joint_scales_[n] = oks_joint_scale(sigmas[n]);
  }

  bool rank(int64_t i, double& score) const {
    return poses_.rank(i, score) && all_finite(areas_ + i, 1);
  }

  void clear() { blocks_.clear(); }
  int64_t count() const { return blocks_.count(); }
  int64_t items(int64_t b) const { return blocks_.items(b); }

  // The pose that compare() and keep() are about.
  void take(int64_t i) { current_ = i; }

  void compare(int64_t b, T* oks) const {
    compare_block(blocks_[b], poses_.xy(current_), oks_half_area(areas_[current_]),
                  joint_scales_.data(), poses_.K, oks);
  }

  int64_t find_suppressor(int64_t i) {
    take(i);
    T oks[kLanes<T>];
    for (int64_t b = 0; b < count(); ++b) {
      compare(b, oks);
      for (int64_t l = 0; l < items(b); ++l) {
        if (oks[l] > threshold_) return b * kLanes<T> + l;
      }
    }
    return -1;
  }

  void keep() {
    T* field = blocks_.add();
    field[kHalfArea * kLanes<T>] = oks_half_area(areas_[current_]);
    const T* xy = poses_.xy(current_);
    for (int64_t n = 0; n < poses_.K; ++n) {
      T* joint = field + (kJoints + kJointFields * n) * kLanes<T>;
      joint[0] = xy[2 * n];
      joint[kLanes<T>] = xy[2 * n + 1];
    }
  }

 private:
  PoseList<T> poses_;
  const T* areas_;  // [N]
  T threshold_;
  Blocks<T> blocks_;
  std::vector<T> joint_scales_;  // [K]
  int64_t current_ = 0;
};

}  // namespace

template <typename T>
void oks_nms(const PoseList<T>& poses, const T* areas, const T* sigmas, double threshold,
             const Groups& images, int64_t begin, int64_t end, bool* keep, int64_t* suppressor) {
  Poses<T> kept(poses, areas, sigmas, threshold);
  greedy_nms(images, begin, end, kept, keep, suppressor);
}

template <typename T>
void soft_oks_nms(const PoseList<T>& poses, const T* areas, const T* sigmas, double threshold,
                  int64_t max_kept, const Groups& images, int64_t begin, int64_t end, bool* keep,
                  T* pose_scores, int64_t* rank) {
  struct Candidate {
    double score;
    int64_t item;
    bool picked;
  };
  Poses<T> compared(poses, areas, sigmas, threshold);
  std::vector<Candidate> candidates;  // in input order, as in the blocks of compared
  std::vector<int64_t> last;          // those that take no part
  T oks[kLanes<T>];
  for (int64_t image = begin; image < end; ++image) {
    compared.clear();
    candidates.clear();
    last.clear();
    for (int64_t k = 0; k < images.size(image); ++k) {
      const int64_t item = images.items(image)[k];
      double score;
      if (compared.rank(item, score) && std::isfinite(score)) {
        compared.take(item);
        compared.keep();
        candidates.push_back({score, item, false});
      } else {
        last.push_back(item);
        pose_scores[item] = T(score);
      }
      keep[item] = false;
      rank[item] = -1;
    }

    int64_t kept = 0;
    const auto keep_next = [&](int64_t item) {
      keep[item] = true;
      rank[item] = kept++;
    };
    const int64_t picks = std::min(max_kept, static_cast<int64_t>(candidates.size()));
    while (kept < picks) {
      Candidate* best = nullptr;
      for (Candidate& candidate : candidates) {
        if (!candidate.picked && (best == nullptr || candidate.score > best->score)) {
          best = &candidate;
        }
      }
      best->picked = true;
      keep_next(best->item);
      compared.take(best->item);
      for (int64_t b = 0; b < compared.count(); ++b) {
        compared.compare(b, oks);
        for (int64_t l = 0; l < compared.items(b); ++l) {
          Candidate& other = candidates[b * kLanes<T> + l];
          if (!other.picked) other.score *= soft_nms_decay(oks[l], threshold);
        }
      }
    }
    for (const Candidate& candidate : candidates) pose_scores[candidate.item] = T(candidate.score);
    for (size_t k = 0; k < last.size() && kept < max_kept; ++k) keep_next(last[k]);
  }
}

#define RMPE_INSTANTIATE(T)                                                                     \
  template void oks_nms(const PoseList<T>&, const T*, const T*, double, const Groups&, int64_t, \
                        int64_t, bool*, int64_t*);                                              \
  template void soft_oks_nms(const PoseList<T>&, const T*, const T*, double, int64_t,           \
                             const Groups&, int64_t, int64_t, bool*, T*, int64_t*);
RMPE_INSTANTIATE(float)
RMPE_INSTANTIATE(double)
#undef RMPE_INSTANTIATE

}  // namespace rmpe::cpu
