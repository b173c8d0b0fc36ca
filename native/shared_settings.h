#ifndef MPROF_SHARED_SETTINGS_H_
#define MPROF_SHARED_SETTINGS_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace mprof {

// What the threads that profile together are set to: bytes, which their JavaScript
// understands. Of two changes at the same time the later one here holds for all.
class SharedSettings {
 public:
  struct Version {
    uint64_t number = 0;
    std::string settings;
  };

  static SharedSettings& Process();

  SharedSettings() = default;
  SharedSettings(const SharedSettings&) = delete;
  SharedSettings& operator=(const SharedSettings&) = delete;

  // Returns the version's number, from 1 on.
  uint64_t Publish(std::string settings);
  // The latest version, if it is later than that one.
  std::optional<Version> Since(uint64_t number);

 private:
  std::mutex mutex_;
  Version latest_;
};

}  // namespace mprof

#endif  // MPROF_SHARED_SETTINGS_H_
