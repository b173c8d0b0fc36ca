#ifndef MPROF_CLOCKS_H_
#define MPROF_CLOCKS_H_

#include <cstdint>

namespace mprof {

// CPU time the calling thread has used, in nanoseconds.
int64_t ThreadCpuNanos();
// Time from a fixed, unspecified point that never runs backwards, in nanoseconds.
int64_t MonotonicNanos();
// Wall-clock time since the Unix epoch, in nanoseconds.
int64_t WallNanos();

}  // namespace mprof

#endif  // MPROF_CLOCKS_H_
