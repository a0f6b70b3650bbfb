#pragma once

#include <cstdint>

#include "../core/crop_matrices.h"

namespace rmpe::cpu {

// Writes matrices [begin, end). T is float or double.
template <typename T>
void crop_matrices(const T* boxes,         // [N, 4]
                   const double* radians,  // [N]; null: upright crops
                   const CropGeometry& geometry, int64_t begin, int64_t end,
                   // outputs
                   T* matrices);  // [N, 2, 3]

}  // namespace rmpe::cpu
