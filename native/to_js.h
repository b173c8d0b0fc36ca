#ifndef MPROF_TO_JS_H_
#define MPROF_TO_JS_H_

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "v8-local-handle.h"
#include "v8-value.h"

namespace mprof {

// The values as a typed array, or an empty handle: a worker can be terminated,
// and memory run out, between any two calls, and then Node-API creates nothing.
Napi::Uint32Array ToArray(Napi::Env env, const std::vector<uint32_t>& values);
Napi::Float64Array ToArray(Napi::Env env, const std::vector<double>& values);
Napi::Uint8Array ToArray(Napi::Env env, const std::string& bytes);


// Node-API's handles are V8's. Both are one pointer wide, and Node converts them
// the same way.
v8::Local<v8::Value> ToV8(napi_value value);
Napi::Value FromV8(Napi::Env env, v8::Local<v8::Value> value);

}  // namespace mprof

#endif  // MPROF_TO_JS_H_
