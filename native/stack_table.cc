#include "stack_table.h"

#include "hash.h"

namespace mprof {

namespace {

constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 2;  // 48 bits, even

// FNV-1a, which reads bytes and so gives the same hash on every machine.
uint64_t HashText(uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  return hash;
}

uint64_t FrameAddress(std::string_view name, std::string_view file,
                      const Position& position) {
  uint64_t hash = HashText(0xcbf29ce484222325u, name);
  hash = Combine64(hash, name.size());
  hash = HashText(hash, file);
  hash = Combine64(hash, position.line);
  hash = Combine64(hash, position.column);
  hash = Combine64(hash, position.start_line);
  const uint64_t address = hash & kAddressMask;
  return address == 0 ? 2 : address;
}

// At most kMaxStringLength bytes, without half a character at the end.
std::string_view Cut(std::string_view text) {
  if (text.size() <= StackTable::kMaxStringLength) return text;
  size_t length = StackTable::kMaxStringLength;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) {
    length--;
  }
  return text.substr(0, length);
}

}  // namespace

size_t StackTable::FrameKeyHash::operator()(const FrameKey& key) const {
  const uint64_t names = (uint64_t{key.name} << 32) | key.file;
  const Position& position = key.position;
  const uint64_t place = (uint64_t{position.line} << 32) | position.column;
  return static_cast<size_t>(
      Combine64(Combine64(Mix64(names), place), position.start_line));
}

StackTable::StackTable(const Limits& limits) : limits_(limits) {
  strings_.emplace_back();
  string_ids_.emplace(strings_.back(), 0);
  nodes_.push_back({kRoot, 0, 0});
}

std::optional<StringId> StackTable::FindString(std::string_view text) const {
  const auto found = string_ids_.find(Cut(text));
  if (found == string_ids_.end()) return std::nullopt;
  return found->second;
}

std::optional<StringId> StackTable::InternString(std::string_view text) {
  if (const std::optional<StringId> known = FindString(text)) return known;
  text = Cut(text);
  if (string_bytes_ + text.size() > limits_.string_bytes) return std::nullopt;
  const auto id = static_cast<StringId>(strings_.size());
  strings_.emplace_back(text);
  string_ids_.emplace(strings_.back(), id);
  string_bytes_ += text.size();
  return id;
}

std::optional<FrameId> StackTable::InternFrame(std::string_view name,
                                               std::string_view file,
                                               const Position& position) {
  // Once the frames are full, new strings would be of no use.
  const bool full = frames_.size() >= limits_.frames;
  const auto string_id = [&](std::string_view text) {
    return full ? FindString(text) : InternString(text);
  };
  const std::optional<StringId> name_id = string_id(name);
  if (!name_id) return std::nullopt;
  const std::optional<StringId> file_id = string_id(file);
  if (!file_id) return std::nullopt;
  const FrameKey key = {*name_id, *file_id, position};
  const auto found = frame_ids_.find(key);
  if (found != frame_ids_.end()) return found->second;
  if (full) return std::nullopt;
  const auto id = static_cast<FrameId>(frames_.size());
  frames_.push_back(
      {*name_id, *file_id, position,
       FrameAddress(strings_[*name_id], strings_[*file_id], position)});
  frame_ids_.emplace(key, id);
  return id;
}

std::optional<StringId> StackTable::InternLabels(std::string_view text) {
  if (text.size() > kMaxStringLength) return std::nullopt;
  if (const std::optional<StringId> known = FindString(text)) return known;
  if (label_bytes_ + text.size() > limits_.label_bytes) return std::nullopt;
  const std::optional<StringId> id = InternString(text);
  if (id) label_bytes_ += text.size();
  return id;
}

std::optional<StackId> StackTable::Extend(StackId caller, FrameId frame) {
  const uint64_t key = (uint64_t{caller} << 32) | frame;
  const auto found = node_ids_.find(key);
  if (found != node_ids_.end()) return found->second;
  if (nodes_.size() >= limits_.nodes) return std::nullopt;
  const auto id = static_cast<StackId>(nodes_.size());
  nodes_.push_back({caller, frame, nodes_[caller].depth + 1});
  node_ids_.emplace(key, id);
  return id;
}

}  // namespace mprof
