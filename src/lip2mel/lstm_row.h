#pragma once

#include <cstdint>

#include "lipsound2/core/vector_math.h"

namespace lipsound2::lip2mel {

/// One clip's part of LstmStep; the rows do not overlap.
struct LstmRow {
  float* __restrict gates;
  const float* __restrict cell_in;
  float* __restrict cell_out;
  const float* __restrict mask;
  float* __restrict h;
  std::int64_t units;
};

[[gnu::always_inline]] inline void lstm_row(const LstmRow& row) {
  float* __restrict input = row.gates;
  float* __restrict forget = input + row.units;
  float* __restrict cell = forget + row.units;
  float* __restrict output = cell + row.units;
#pragma GCC ivdep  // no two of the rows overlap
  for (std::int64_t j = 0; j < row.units; ++j) {
    input[j] = fast_sigmoid(input[j]);
    forget[j] = fast_sigmoid(forget[j]);
    cell[j] = fast_tanh(cell[j]);
    output[j] = fast_sigmoid(output[j]);
    row.cell_out[j] = forget[j] * row.cell_in[j] + input[j] * cell[j];
    row.h[j] = output[j] * fast_tanh(row.cell_out[j]);
  }
  if (row.mask != nullptr)
    for (std::int64_t j = 0; j < row.units; ++j)
      row.h[j] *= row.mask[j];
}

/// One clip's part of LstmStepGradient; d_h is that before dropout.
struct LstmGradientRow {
  const float* __restrict gates;
  const float* __restrict cell_in;
  const float* __restrict cell_out;
  float* __restrict d_h;
  float* __restrict d_cell;
  float* __restrict d_gates;
  std::int64_t units;
};

[[gnu::always_inline]] inline void lstm_gradient_row(const LstmGradientRow& row) {
  const auto units = row.units;
#pragma GCC ivdep  // no two of the rows overlap
  for (std::int64_t j = 0; j < units; ++j) {
    const float input = row.gates[j];
    const float forget = row.gates[units + j];
    const float cell = row.gates[2 * units + j];
    const float output = row.gates[3 * units + j];
    const float tanh_cell = fast_tanh(row.cell_out[j]);
    const float d_cell = row.d_cell[j] + row.d_h[j] * output * (1.0F - tanh_cell * tanh_cell);
    row.d_gates[j] = d_cell * cell * input * (1.0F - input);
    row.d_gates[units + j] = d_cell * row.cell_in[j] * forget * (1.0F - forget);
    row.d_gates[2 * units + j] = d_cell * input * (1.0F - cell * cell);
    row.d_gates[3 * units + j] = row.d_h[j] * tanh_cell * output * (1.0F - output);
    row.d_cell[j] = d_cell * forget;
  }
}

}  // namespace lipsound2::lip2mel
