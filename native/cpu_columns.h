#ifndef MPROF_CPU_COLUMNS_H_
#define MPROF_CPU_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "stack_table.h"

namespace mprof {

// The stacks of samples. String 0 is the empty string; stacks list their frames leaf
// first.
struct CpuSymbols {
  std::string string_bytes;
  std::vector<uint32_t> string_start;
  std::vector<uint32_t> frame_name;
  std::vector<uint32_t> frame_file;
  std::vector<uint32_t> frame_line;
  std::vector<uint32_t> frame_column;
  std::vector<uint32_t> frame_start_line;
  std::vector<uint32_t> frame_start_column;
  std::vector<double> frame_address;
  std::vector<uint32_t> stack_frames;
  std::vector<uint32_t> stack_start;
};

// Adds all frames of a table, and their strings.
void CopyFrames(const StackTable& table, CpuSymbols* symbols);

// What a window of the CPU profiler has seen of a thread.
struct CpuColumns : CpuSymbols {
  // Stands for the stack of a sample that found the thread with nothing to do.
  static constexpr uint32_t kIdle = UINT32_MAX;

  // A row for each sample, in order. Times are in nanoseconds.
  std::vector<uint32_t> stack;  // row of the stacks, or kIdle
  std::vector<double> time;     // monotonic
  // CPU time the thread had used by then, since the beginning of the window.
  std::vector<double> cpu;
  // Of the whole window.
  double duration = 0;
  double total_cpu = 0;
  // Whether the thread had used labels by the end of it.
  bool has_labels = false;
};

// Gives back what they have allocated and do not need.
void Shrink(CpuColumns* columns);
// Bytes they have allocated.
size_t BytesOf(const CpuColumns& columns);

}  // namespace mprof

#endif  // MPROF_CPU_COLUMNS_H_
