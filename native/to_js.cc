#include "to_js.h"

#include <cstring>

namespace mprof {

namespace {

template <typename Array, typename Values>
Array ToTypedArray(Napi::Env env, const Values& values) {
  Array array = Array::New(env, values.size());
  if (!array.IsEmpty() && !values.empty()) {
    std::memcpy(array.Data(), values.data(), values.size() * sizeof(values[0]));
  }
  return array;
}

}  // namespace

Napi::Uint32Array ToArray(Napi::Env env, const std::vector<uint32_t>& values) {
  return ToTypedArray<Napi::Uint32Array>(env, values);
}

Napi::Float64Array ToArray(Napi::Env env, const std::vector<double>& values) {
  return ToTypedArray<Napi::Float64Array>(env, values);
}

Napi::Uint8Array ToArray(Napi::Env env, const std::string& bytes) {
  return ToTypedArray<Napi::Uint8Array>(env, bytes);
}

v8::Local<v8::Value> ToV8(napi_value value) {
  v8::Local<v8::Value> local;
  static_assert(sizeof(local) == sizeof(value));
  std::memcpy(static_cast<void*>(&local), &value, sizeof(value));
  return local;
}

Napi::Value FromV8(Napi::Env env, v8::Local<v8::Value> value) {
  napi_value result;
  static_assert(sizeof(result) == sizeof(value));
  std::memcpy(&result, static_cast<void*>(&value), sizeof(result));
  return Napi::Value(env, result);
}

}  // namespace mprof
