#ifndef MPROF_FROM_JS_H_
#define MPROF_FROM_JS_H_

#include <napi.h>

#include <cstdint>

#include "range.h"

namespace mprof {

// Arguments that come from binding.ts, and are what it says they are.

inline uint32_t NumberOf(const Napi::Value& value) {
  return value.As<Napi::Number>().Uint32Value();
}

inline Range RangeOf(const Napi::Value& from, const Napi::Value& to) {
  return {NumberOf(from), NumberOf(to)};
}

// The elements of typed arrays; null for undefined.
inline uint32_t* Uint32s(const Napi::Value& value) {
  return value.IsUndefined() ? nullptr : value.As<Napi::Uint32Array>().Data();
}
inline double* Float64s(const Napi::Value& value) {
  return value.IsUndefined() ? nullptr : value.As<Napi::Float64Array>().Data();
}
inline uint8_t* Uint8s(const Napi::Value& value) {
  return value.IsUndefined() ? nullptr : value.As<Napi::Uint8Array>().Data();
}

}  // namespace mprof

#endif  // MPROF_FROM_JS_H_
