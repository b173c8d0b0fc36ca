#ifndef MPROF_SPARE_THREADS_H_
#define MPROF_SPARE_THREADS_H_

namespace mprof {

// Whether the system lends a few threads more at the same time, so that one can be
// started where it must not fail. They are given back: somebody else may take them.
bool HasSpareThreads();

}  // namespace mprof

#endif  // MPROF_SPARE_THREADS_H_
