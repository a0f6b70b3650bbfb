// Launches the greedy suppression of greedy.h with BoxComparison.
//
// Cost: some ten instructions and a division per pair. The cost of launches dominates (greedy.h).
#include "core/box_nms.h"
#include "cuda/box_nms.h"
#include "cuda/greedy.h"
#include "cuda/poses.h"

namespace rmpe::cuda {
namespace {

template <typename T>
struct BoxComparison {
  using Value = T;
  struct Item {
    T x1, y1, x2, y2, area;
  };
  struct Sums {};
  static constexpr int kJointValues = 0;

  const T* boxes;   // [N, 4]
  const T* scores;  // [N]
  T threshold;

  RMPE_HD int64_t joints() const { return 0; }
  RMPE_HD double confidence(int64_t i) const { return scores[i]; }
  __device__ void flag_not_finite(int64_t first, int64_t count, unsigned* flags) const {
    cuda::flag_not_finite(boxes, 4, first, count, flags);
  }
  RMPE_HD Item item(int64_t i) const {
    const T* box = boxes + 4 * i;
    return {box[0], box[1], box[2], box[3], box_area(box)};
  }
  RMPE_HD Sums start(const Item&, const Item&) const { return {}; }
  RMPE_HD bool eliminates(const Item& a, const Item& b, const Sums&) const {
    return box_iou(a.x1, a.y1, a.x2, a.y2, a.area, b.x1, b.y1, b.x2, b.y2, b.area) > threshold;
  }
};

}  // namespace

template <typename T>
size_t box_nms_scratch_bytes(int64_t N, bool many_images) {
  return greedy_scratch_bytes<BoxComparison<T>>(N, many_images);
}

template <typename T>
void launch_box_nms(const T* boxes, const T* scores, double threshold, const int64_t* image_index,
                    int64_t N, void* scratch, cudaStream_t stream, bool* keep,
                    int64_t* suppressor) {
  launch_greedy_nms("boxes", BoxComparison<T>{boxes, scores, T(threshold)}, image_index, N, scratch,
                    stream, keep, suppressor);
}

template size_t box_nms_scratch_bytes<float>(int64_t, bool);
template size_t box_nms_scratch_bytes<double>(int64_t, bool);
template void launch_box_nms(const float*, const float*, double, const int64_t*, int64_t, void*,
                             cudaStream_t, bool*, int64_t*);
template void launch_box_nms(const double*, const double*, double, const int64_t*, int64_t, void*,
                             cudaStream_t, bool*, int64_t*);

}  // namespace rmpe::cuda
