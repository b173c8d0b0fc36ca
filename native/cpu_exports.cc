// What binding.ts can do with this thread's CPU profiler.

#include <napi.h>

#include <optional>

#include "clocks.h"
#include "cpu_profiler.h"
#include "environment.h"
#include "exports.h"
#include "to_js.h"

namespace mprof {

namespace {

CpuProfiler& ProfilerOf(const Napi::CallbackInfo& info) {
  return Environment::Of(info).cpu_profiler();
}

// (most samples) -> number of the window, 0 where it could not be opened
Napi::Value OpenCpuWindow(const Napi::CallbackInfo& info) {
  const auto window = ProfilerOf(info).Open(info[0].As<Napi::Number>().Uint32Value());
  return Napi::Number::New(info.Env(), window.value_or(0));
}

// (number) -> its samples
Napi::Value CloseCpuWindow(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const CpuColumns columns =
      ProfilerOf(info).Close(info[0].As<Napi::Number>().Uint32Value());
  Napi::Object strings = Napi::Object::New(env);
  strings["bytes"] = ToArray(env, columns.string_bytes);
  strings["start"] = ToArray(env, columns.string_start);
  Napi::Object frames = Napi::Object::New(env);
  frames["name"] = ToArray(env, columns.frame_name);
  frames["file"] = ToArray(env, columns.frame_file);
  frames["line"] = ToArray(env, columns.frame_line);
  frames["column"] = ToArray(env, columns.frame_column);
  frames["startLine"] = ToArray(env, columns.frame_start_line);
  frames["address"] = ToArray(env, columns.frame_address);
  Napi::Object stacks = Napi::Object::New(env);
  stacks["frames"] = ToArray(env, columns.stack_frames);
  stacks["start"] = ToArray(env, columns.stack_start);
  Napi::Object symbols = Napi::Object::New(env);
  symbols["strings"] = strings;
  symbols["frames"] = frames;
  symbols["stacks"] = stacks;
  Napi::Object result = Napi::Object::New(env);
  result["symbols"] = symbols;
  result["stack"] = ToArray(env, columns.stack);
  result["time"] = ToArray(env, columns.time);
  result["cpu"] = ToArray(env, columns.cpu);
  result["duration"] = columns.duration;
  result["totalCpu"] = columns.total_cpu;
  return result;
}

// (number)
void DiscardCpuWindow(const Napi::CallbackInfo& info) {
  ProfilerOf(info).Discard(info[0].As<Napi::Number>().Uint32Value());
}

void PrepareCpuProfiler(const Napi::CallbackInfo& info) { ProfilerOf(info).Prepare(); }

void ReleaseCpuProfiler(const Napi::CallbackInfo& info) { ProfilerOf(info).Release(); }

// -> times of the samples since the last call
Napi::Value TakeCpuTimes(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), ProfilerOf(info).TakeTimes());
}

Napi::Value GetMonotonicNanos(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(MonotonicNanos()));
}

}  // namespace

void AddCpuExports(Exports* exports) {
  exports->Add("openCpuWindow", OpenCpuWindow);
  exports->Add("closeCpuWindow", CloseCpuWindow);
  exports->Add("discardCpuWindow", DiscardCpuWindow);
  exports->Add("prepareCpuProfiler", PrepareCpuProfiler);
  exports->Add("releaseCpuProfiler", ReleaseCpuProfiler);
  exports->Add("takeCpuTimes", TakeCpuTimes);
  exports->Add("monotonicNanos", GetMonotonicNanos);
}

}  // namespace mprof
