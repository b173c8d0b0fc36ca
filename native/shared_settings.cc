#include "shared_settings.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mprof {

SharedSettings& SharedSettings::Process() {
  // Never destroyed, as threads may outlive static objects.
  static auto& settings = *new SharedSettings();
  return settings;
}

void SharedSettings::Publish(const std::string& name, std::string value) {
  const std::lock_guard<std::mutex> guard(mutex_);
  settings_.erase(std::remove_if(settings_.begin(), settings_.end(),
                                 [&name](const Setting& setting) { return setting.name == name; }),
                  settings_.end());
  settings_.push_back({++last_version_, name, std::move(value)});
}

std::vector<SharedSettings::Setting> SharedSettings::Since(uint64_t version) {
  std::vector<Setting> changed;
  const std::lock_guard<std::mutex> guard(mutex_);
  std::copy_if(settings_.begin(), settings_.end(), std::back_inserter(changed),
               [version](const Setting& setting) { return setting.version > version; });
  return changed;
}

}  // namespace mprof
