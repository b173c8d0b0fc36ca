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

// An object whose properties are typed arrays.
class Columns {
 public:
  explicit Columns(Napi::Env env) : env_(env), object_(Napi::Object::New(env)) {}

  template <typename Values>
  Columns& Add(const char* name, const Values& values) {
    object_[name] = ToArray(env_, values);
    return *this;
  }
  Napi::Object object() const { return object_; }

 private:
  Napi::Env env_;
  Napi::Object object_;
};

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

Napi::Object ToObject(Napi::Env env, const SymbolColumns& columns) {
  const Napi::Object strings = Columns(env)
                                   .Add("bytes", columns.string_bytes)
                                   .Add("start", columns.string_start)
                                   .object();
  const Napi::Object frames = Columns(env)
                                  .Add("name", columns.frame_name)
                                  .Add("file", columns.frame_file)
                                  .Add("line", columns.frame_line)
                                  .Add("column", columns.frame_column)
                                  .Add("startLine", columns.frame_start_line)
                                  .Add("address", columns.frame_address)
                                  .object();
  const Napi::Object stacks = Columns(env)
                                  .Add("frames", columns.stack_frames)
                                  .Add("start", columns.stack_start)
                                  .object();
  Napi::Object symbols = Napi::Object::New(env);
  symbols["strings"] = strings;
  symbols["frames"] = frames;
  symbols["stacks"] = stacks;
  return symbols;
}

Napi::Object ToObject(Napi::Env env, const HeapColumns& columns) {
  Napi::Object result = Columns(env)
                            .Add("bucket", columns.bucket)
                            .Add("stack", columns.stack)
                            .Add("size", columns.size)
                            .Add("rate", columns.rate)
                            .Add("allocs", columns.allocs)
                            .Add("frees", columns.frees)
                            .Add("allocBytes", columns.alloc_bytes)
                            .Add("freeBytes", columns.free_bytes)
                            .Add("unseen", columns.unseen)
                            .Add("unseenBytes", columns.unseen_bytes)
                            .Add("variance", columns.variance)
                            .object();
  result["symbols"] = ToObject(env, columns.symbols);
  return result;
}

Napi::Object ToObject(Napi::Env env, const WaitColumns& columns) {
  Napi::Object result = Columns(env)
                            .Add("bucket", columns.bucket)
                            .Add("stack", columns.stack)
                            .Add("count", columns.count)
                            .Add("delay", columns.delay)
                            .object();
  result["symbols"] = ToObject(env, columns.symbols);
  return result;
}

Napi::Object ToObject(Napi::Env env, const StackRows& rows) {
  Napi::Object result = Columns(env).Add("stack", rows.stack).object();
  result["symbols"] = ToObject(env, rows.symbols);
  return result;
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
