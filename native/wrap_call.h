#ifndef MPROF_WRAP_CALL_H_
#define MPROF_WRAP_CALL_H_

#include "v8-function.h"
#include "v8-isolate.h"
#include "v8-local-handle.h"

namespace mprof {

// A function that calls `before` with its arguments and then `callback` as it is
// called itself. What `before` has returned, an object, is passed to `after`, together
// with the result, which is undefined if the call has thrown; if it has a property
// `args`, an array, these are the arguments `callback` is called with. Otherwise the
// call is left alone.
//
// It is no frame of a JavaScript stack, has the name of `callback`, and like a method is
// no constructor. What fails in `before` and `after` is dropped: it is not the
// program's. Where one of them has not been called to its end, as when V8 ends what
// runs, this thread's waits for memory have ended. Empty when the thread is being
// terminated.
v8::MaybeLocal<v8::Function> WrapCall(v8::Isolate* isolate,
                                      v8::Local<v8::Function> before,
                                      v8::Local<v8::Function> callback,
                                      v8::Local<v8::Function> after);

}  // namespace mprof

#endif  // MPROF_WRAP_CALL_H_
