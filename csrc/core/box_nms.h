// The overlap of two boxes.
#pragma once

#include "macros.h"

namespace rmpe {

// Pixels^2. A box whose corners are swapped has no area.
template <typename T>
RMPE_HD T box_area(const T* box) {  // [4] x1, y1, x2, y2
  return box[2] > box[0] && box[3] > box[1] ? (box[2] - box[0]) * (box[3] - box[1]) : T(0);
}

// Intersection over union (IoU) of boxes (x1, y1, x2, y2) with the areas area_a and area_b. It is
// 0 / 0 = NaN for two boxes without area, which is above no threshold.
template <typename T>
RMPE_HD T box_iou(T ax1, T ay1, T ax2, T ay2, T area_a, T bx1, T by1, T bx2, T by2, T area_b) {
  const T x1 = ax1 > bx1 ? ax1 : bx1;
  const T y1 = ay1 > by1 ? ay1 : by1;
  const T x2 = ax2 < bx2 ? ax2 : bx2;
  const T y2 = ay2 < by2 ? ay2 : by2;
  const T width = x2 > x1 ? x2 - x1 : T(0);
  const T height = y2 > y1 ? y2 - y1 : T(0);
  const T intersection = width * height;
  return intersection / (area_a + area_b - intersection);
}

}  // namespace rmpe
