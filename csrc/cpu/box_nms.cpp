// Cost: as in pose_nms, with some ten operations and a division for a pair.
#include "cpu/box_nms.h"

#include <cmath>

#include "core/box_nms.h"
#include "core/poses.h"
#include "cpu/blocks.h"
#include "cpu/greedy.h"

namespace rmpe::cpu {
namespace {

// Values of a reference box in a block.
enum BoxValue : int64_t { kX1, kY1, kX2, kY2, kArea, kBoxValues };

template <typename T>
inline void compare_boxes(const T* block, const T* box,
                          // outputs
                          T* __restrict iou) {  // [kLanes]
  constexpr int64_t L = kLanes<T>;
  const T x1 = box[0], y1 = box[1], x2 = box[2], y2 = box[3], area = box_area(box);
  for (int64_t l = 0; l < L; ++l) {
    iou[l] = box_iou(block[kX1 * L + l], block[kY1 * L + l], block[kX2 * L + l], block[kY2 * L + l],
                     block[kArea * L + l], x1, y1, x2, y2, area);
  }
}

RMPE_MULTIVERSION void compare_block(const float* block, const float* box, float* iou) {
  compare_boxes<float>(block, box, iou);
}
RMPE_MULTIVERSION void compare_block(const double* block, const double* box, double* iou) {
  compare_boxes<double>(block, box, iou);
}

// Kept for greedy_nms.
template <typename T>
class KeptBoxes {
 public:
  KeptBoxes(const T* boxes, const T* scores, double threshold)
      : boxes_(boxes), scores_(scores), threshold_(T(threshold)), blocks_(kBoxValues) {}

  bool rank(int64_t i, double& score) const {
    score = scores_[i];
    return !std::isnan(score) && all_finite(boxes_ + i * 4, 4);
  }

  void clear() { blocks_.clear(); }

  int64_t find_suppressor(int64_t i) {
    candidate_ = i;
    T iou[kLanes<T>];
    for (int64_t b = 0; b < blocks_.count(); ++b) {
      compare_block(blocks_[b], boxes_ + i * 4, iou);
      for (int64_t l = 0; l < blocks_.items(b); ++l) {
        if (iou[l] > threshold_) return b * kLanes<T> + l;
      }
    }
    return -1;
  }

  void keep() {
    const T* box = boxes_ + candidate_ * 4;
    T* value = blocks_.add();
    for (int64_t side = 0; side < 4; ++side) value[side * kLanes<T>] = box[side];
    value[kArea * kLanes<T>] = box_area(box);
  }

 private:
  const T* boxes_;   // [N, 4]
  const T* scores_;  // [N]
  T threshold_;
  Blocks<T> blocks_;
  int64_t candidate_ = 0;
};

}  // namespace

template <typename T>
void box_nms(const T* boxes, const T* scores, double threshold, const Groups& images, int64_t begin,
             int64_t end, bool* keep, int64_t* suppressor) {
  KeptBoxes<T> kept(boxes, scores, threshold);
  greedy_nms(images, begin, end, kept, keep, suppressor);
}

template void box_nms(const float*, const float*, double, const Groups&, int64_t, int64_t, bool*,
                      int64_t*);
template void box_nms(const double*, const double*, double, const Groups&, int64_t, int64_t, bool*,
                      int64_t*);

}  // namespace rmpe::cpu
