#ifndef MPROF_PROMISE_PROBE_H_
#define MPROF_PROMISE_PROBE_H_

#include <memory>

#include "v8-context.h"
#include "v8-function.h"
#include "v8-isolate.h"
#include "v8-microtask-queue.h"
#include "v8-persistent-handle.h"

namespace mprof {

// Runs a job as if it were next in line behind a pending promise, without
// touching that promise: V8 finds the asynchronous callers of whatever runs in a
// microtask by following the microtask's reactions, and an arrangement of
// promises of our own can lead there from a microtask of our own.
//
// The arrangement lives in a context with a microtask queue of its own, so that
// it runs when it is told to and none of the program's microtasks do. The
// context is one Node does not know, so that no hook of the program's sees it.
//
// Belongs to the isolate's thread; must be destroyed before the isolate.
class PromiseProbe {
 public:
  explicit PromiseProbe(v8::Isolate* isolate) : isolate_(isolate) {}
  PromiseProbe(const PromiseProbe&) = delete;
  PromiseProbe& operator=(const PromiseProbe&) = delete;

  // (promise, job) => undefined, to be followed by Run(). Empty when the context
  // cannot be set up, as when the thread is being terminated.
  v8::MaybeLocal<v8::Function> Arm();
  // Runs what has been armed.
  void Run();

 private:
  v8::Isolate* const isolate_;
  std::unique_ptr<v8::MicrotaskQueue> queue_;
  v8::Global<v8::Context> context_;
  v8::Global<v8::Function> arm_;
};

}  // namespace mprof

#endif  // MPROF_PROMISE_PROBE_H_
