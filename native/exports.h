#ifndef MPROF_EXPORTS_H_
#define MPROF_EXPORTS_H_

#include <napi.h>

#include <string_view>
#include <unordered_set>

namespace mprof {

// The object that binding.ts gets. Arguments of what is added come from there and
// are valid.
class Exports {
 public:
  explicit Exports(Napi::Env env) : env_(env), object_(Napi::Object::New(env)) {}

  // The name is kept: a literal.
  template <typename Function>
  void Add(const char* name, Function function) {
    object_[name] = Napi::Function::New(env_, function, name);
    names_.insert(name);
  }
  // An object to keep something in.
  void AddObject(const char* name) { object_[name] = Napi::Object::New(env_); }
  Napi::Object object() const { return object_; }
  const std::unordered_set<std::string_view>& names() const { return names_; }

 private:
  Napi::Env env_;
  Napi::Object object_;
  std::unordered_set<std::string_view> names_;
};

void AddHeapExports(Exports* exports);
void AddNearHeapLimitExports(Exports* exports);
void AddCpuExports(Exports* exports);
void AddTableExports(Exports* exports);
void AddCopyExports(Exports* exports);
void AddEncodeExports(Exports* exports);
void AddPromiseExports(Exports* exports);
void AddAtomicsExports(Exports* exports);
void AddPendingExports(Exports* exports);
void AddThreadExports(Exports* exports);

}  // namespace mprof

#endif  // MPROF_EXPORTS_H_
