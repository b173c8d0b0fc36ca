#include "shared_settings.h"

#include <algorithm>
#include <utility>

namespace mprof {

SharedSettings& SharedSettings::Process() {
  // Never destroyed, as threads may outlive static objects.
  static auto& settings = *new SharedSettings();
  return settings;
}

void SharedSettings::Publish(const std::string& name, std::string value) {
  const std::lock_guard<std::mutex> guard(mutex_);
  settings_[name] = {++last_version_, name, std::move(value)};
}

std::vector<SharedSettings::Setting> SharedSettings::Since(uint64_t version) {
  std::vector<Setting> changed;
  const std::lock_guard<std::mutex> guard(mutex_);
  for (const auto& [name, setting] : settings_) {
    if (setting.version > version) changed.push_back(setting);
  }
  std::sort(changed.begin(), changed.end(), [](const Setting& one, const Setting& other) {
    return one.version < other.version;
  });
  return changed;
}

}  // namespace mprof
