#pragma once

namespace lipsound2::data {

/// Keeps the tensor operations of the calling thread on that thread. Without it every loader thread
/// opens an OpenMP team of its own, which waits busily for work and takes the cores away from
/// training.
void compute_alone();

}  // namespace lipsound2::data
