#ifndef MPROF_CPU_MERGE_H_
#define MPROF_CPU_MERGE_H_

#include <utility>
#include <vector>

#include "cpu_columns.h"
#include "threads.h"

namespace mprof {

// What several threads have done, with stacks of one table, so that threads that have
// done the same thing share its stack: the symbols, and, in `threads`, the rows of
// each, whose own symbols are moved out.
CpuSymbols MergeCpuSymbols(std::vector<std::pair<ThreadId, CpuColumns>>* threads);

}  // namespace mprof

#endif  // MPROF_CPU_MERGE_H_
