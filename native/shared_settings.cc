#include "shared_settings.h"

#include <utility>

namespace mprof {

SharedSettings& SharedSettings::Process() {
  // Never destroyed, as threads may outlive static objects.
  static auto& settings = *new SharedSettings();
  return settings;
}

uint64_t SharedSettings::Publish(std::string settings) {
  const std::lock_guard<std::mutex> guard(mutex_);
  latest_.settings = std::move(settings);
  return ++latest_.number;
}

std::optional<SharedSettings::Version> SharedSettings::Since(uint64_t number) {
  const std::lock_guard<std::mutex> guard(mutex_);
  if (latest_.number <= number) return std::nullopt;
  return latest_;
}

}  // namespace mprof
