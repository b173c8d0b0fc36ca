// What binding.ts can do with the CPU profilers of this thread and the others.

#include <napi.h>

#include <optional>
#include <vector>

#include "clocks.h"
#include "cpu_merge.h"
#include "cpu_profiler.h"
#include "cpu_windows.h"
#include "environment.h"
#include "exports.h"
#include "to_js.h"

namespace mprof {

namespace {

CpuProfiler& ProfilerOf(const Napi::CallbackInfo& info) {
  return Environment::Of(info).cpu_profiler();
}

CpuWindows::WindowId WindowOf(const Napi::CallbackInfo& info) {
  return info[0].As<Napi::Number>().Uint32Value();
}

// (most samples of a thread, number of the one thread or -1) -> number of the window,
// 0 where it could not be opened
Napi::Value OpenCpuWindow(const Napi::CallbackInfo& info) {
  const int64_t thread = info[1].As<Napi::Number>().Int64Value();
  const auto only =
      thread < 0 ? std::nullopt : std::make_optional(static_cast<ThreadId>(thread));
  const auto window = CpuWindows::Process().Open(
      Environment::Of(info), info[0].As<Napi::Number>().Uint32Value(), only);
  return Napi::Number::New(info.Env(), window.value_or(0));
}

// (number)
void CloseCpuWindow(const Napi::CallbackInfo& info) {
  CpuWindows::Process().Close(Environment::Of(info), WindowOf(info));
}

// (number) -> whether all threads have closed their parts
Napi::Value IsCpuWindowClosed(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), CpuWindows::Process().IsClosed(WindowOf(info)));
}

// -> of the windows that are open for this thread, the number of each and since when
Napi::Value ListCpuWindows(const Napi::CallbackInfo& info) {
  std::vector<double> windows;
  for (const auto& [id, opened_at] :
       CpuWindows::Process().OpenFor(Environment::Of(info).thread())) {
    windows.push_back(id);
    windows.push_back(opened_at);
  }
  return ToArray(info.Env(), windows);
}

Napi::Object ToObject(Napi::Env env, const CpuSymbols& columns) {
  Napi::Object strings = Napi::Object::New(env);
  strings["bytes"] = ToArray(env, columns.string_bytes);
  strings["start"] = ToArray(env, columns.string_start);
  Napi::Object frames = Napi::Object::New(env);
  frames["name"] = ToArray(env, columns.frame_name);
  frames["file"] = ToArray(env, columns.frame_file);
  frames["line"] = ToArray(env, columns.frame_line);
  frames["column"] = ToArray(env, columns.frame_column);
  frames["startLine"] = ToArray(env, columns.frame_start_line);
  frames["startColumn"] = ToArray(env, columns.frame_start_column);
  frames["address"] = ToArray(env, columns.frame_address);
  Napi::Object stacks = Napi::Object::New(env);
  stacks["frames"] = ToArray(env, columns.stack_frames);
  stacks["start"] = ToArray(env, columns.stack_start);
  Napi::Object symbols = Napi::Object::New(env);
  symbols["strings"] = strings;
  symbols["frames"] = frames;
  symbols["stacks"] = stacks;
  return symbols;
}

// (number) -> what its threads have done
Napi::Value TakeCpuWindow(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  CpuWindows::Samples samples =
      CpuWindows::Process().Take(Environment::Of(info), WindowOf(info));
  const CpuSymbols symbols = MergeCpuSymbols(&samples.threads);
  Napi::Array threads = Napi::Array::New(env);
  uint32_t count = 0;
  for (const auto& [id, columns] : samples.threads) {
    Napi::Object thread = Napi::Object::New(env);
    thread["thread"] = id;
    thread["stack"] = ToArray(env, columns.stack);
    thread["time"] = ToArray(env, columns.time);
    thread["cpu"] = ToArray(env, columns.cpu);
    thread["duration"] = columns.duration;
    thread["totalCpu"] = columns.total_cpu;
    thread["hasLabels"] = columns.has_labels;
    threads[count++] = thread;
  }
  Napi::Object result = Napi::Object::New(env);
  result["symbols"] = ToObject(env, symbols);
  result["threads"] = threads;
  result["missing"] = static_cast<double>(samples.missing);
  result["dropped"] = static_cast<double>(samples.dropped);
  return result;
}

// (number)
void DiscardCpuWindow(const Napi::CallbackInfo& info) {
  CpuWindows::Process().Discard(Environment::Of(info), WindowOf(info));
}

void KeepCpuProfiler(const Napi::CallbackInfo& info) { ProfilerOf(info).Keep(); }

void ReleaseCpuProfiler(const Napi::CallbackInfo& info) { ProfilerOf(info).Release(); }

// Those of the other threads, where nobody keeps them.
void ReleaseOtherCpuProfilers(const Napi::CallbackInfo& info) {
  CpuWindows::Process().ReleaseAllBut(Environment::Of(info).thread());
}

// -> times of the samples since the last call
Napi::Value TakeCpuTimes(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), ProfilerOf(info).TakeTimes());
}

void NoteLabels(const Napi::CallbackInfo& info) { Environment::Of(info).NoteLabels(); }

void EndCpuTimes(const Napi::CallbackInfo& info) { ProfilerOf(info).EndTimes(); }

Napi::Value GetMonotonicNanos(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(MonotonicNanos()));
}

Napi::Value GetThreadCpuNanos(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(ThreadCpuNanos()));
}

}  // namespace

void AddCpuExports(Exports* exports) {
  exports->Add("openCpuWindow", OpenCpuWindow);
  exports->Add("closeCpuWindow", CloseCpuWindow);
  exports->Add("isCpuWindowClosed", IsCpuWindowClosed);
  exports->Add("listCpuWindows", ListCpuWindows);
  exports->Add("takeCpuWindow", TakeCpuWindow);
  exports->Add("discardCpuWindow", DiscardCpuWindow);
  exports->Add("keepCpuProfiler", KeepCpuProfiler);
  exports->Add("releaseCpuProfiler", ReleaseCpuProfiler);
  exports->Add("releaseOtherCpuProfilers", ReleaseOtherCpuProfilers);
  exports->Add("takeCpuTimes", TakeCpuTimes);
  exports->Add("endCpuTimes", EndCpuTimes);
  exports->Add("noteLabels", NoteLabels);
  exports->Add("monotonicNanos", GetMonotonicNanos);
  exports->Add("threadCpuNanos", GetThreadCpuNanos);
}

}  // namespace mprof
