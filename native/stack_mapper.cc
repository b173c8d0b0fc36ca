#include "stack_mapper.h"

#include <utility>

#include "hash.h"
#include "one_based.h"
#include "v8-script.h"

namespace mprof {

namespace {

using HeapNode = v8::AllocationProfile::Node;

constexpr FrameId kNoFrame = UINT32_MAX;
// The memories of what is known already are caches, emptied when they get larger than
// what is in use at a time.
constexpr size_t kMaxKnown = size_t{1} << 16;

}  // namespace

void StackMapper::Trim() {
  if (stacks_.size() > kMaxKnown) stacks_.clear();
  if (frames_.size() > kMaxKnown) {
    frames_.clear();
    native_frames_.clear();
  }
}

void StackMapper::Read(const HeapNode* root, std::unordered_set<uint32_t> wanted) {
  if (wanted.empty()) return;
  // Depth first without recursion: workers may run on small machine stacks.
  std::vector<const HeapNode*> path = {root};
  std::vector<size_t> next_child = {0};
  while (!path.empty() && !wanted.empty()) {
    const HeapNode* node = path.back();
    if (next_child.back() == 0 && wanted.erase(node->node_id) != 0) AddPath(path);
    if (next_child.back() == node->children.size()) {
      path.pop_back();
      next_child.pop_back();
      continue;
    }
    path.push_back(node->children[next_child.back()++]);
    next_child.push_back(0);
  }
}

void StackMapper::AddPath(const std::vector<const HeapNode*>& path) {
  // V8's own root has no function and stands for the empty stack, except where
  // a sample hangs right below it: every sample needs a frame.
  const size_t outermost = path.size() == 1 ? 0 : 1;
  for (size_t i = outermost; i < path.size(); i++) {
    const HeapNode& node = *path[i];
    if (Knows(node.node_id)) continue;
    const uint32_t caller_id = i == outermost ? node.node_id : path[i - 1]->node_id;
    new_nodes_.push_back({node.node_id, caller_id, AddFrame(node)});
    stacks_.emplace(node.node_id, StackTable::kRoot);
  }
}

StackMapper::FrameKey StackMapper::AddFrame(const HeapNode& node) {
  FrameKey key = {node.script_id, node.start_position,
                  node.name.IsEmpty() ? 0 : node.name->GetIdentityHash()};
  std::string name;
  if (node.script_id == v8::UnboundScript::kNoScriptId) {
    name = ToUtf8(node.name);
    key.start_position =
        native_frames_.try_emplace(name, static_cast<int>(native_frames_.size()))
            .first->second;
  }
  if (!frames_.try_emplace(key, kNoFrame).second) return key;
  if (node.script_id != v8::UnboundScript::kNoScriptId) name = ToUtf8(node.name);
  if (name.empty()) name = "(anonymous)";
  const uint32_t line = OneBased(node.line_number);
  new_frames_.push_back({key, std::move(name), ToUtf8(node.script_name),
                         {line, OneBased(node.column_number), line}});
  return key;
}

void StackMapper::Intern(ProfileTable::Lock& table) {
  for (const NewFrame& frame : new_frames_) {
    frames_[frame.key] = table.stacks()
                             .InternFrame(frame.name, frame.file, frame.position)
                             .value_or(kNoFrame);
  }
  for (const NewNode& node : new_nodes_) {
    const StackId caller =
        node.caller_id == node.id ? StackTable::kRoot : stacks_[node.caller_id];
    const FrameId frame = frames_[node.frame];
    const bool fits = frame != kNoFrame && caller != table.overflow_stack();
    stacks_[node.id] =
        fits ? table.stacks().Extend(caller, frame).value_or(table.overflow_stack())
             : table.overflow_stack();
  }
  new_frames_.clear();
  new_nodes_.clear();
}

std::optional<StackId> StackMapper::Find(uint32_t node_id) const {
  const auto found = stacks_.find(node_id);
  if (found == stacks_.end()) return std::nullopt;
  return found->second;
}

size_t StackMapper::FrameKeyHash::operator()(const FrameKey& key) const {
  const uint64_t place =
      (static_cast<uint64_t>(static_cast<uint32_t>(key.script_id)) << 32) |
      static_cast<uint32_t>(key.start_position);
  return static_cast<size_t>(
      Combine64(Mix64(place), static_cast<uint32_t>(key.name_hash)));
}

std::string StackMapper::ToUtf8(v8::Local<v8::String> text) const {
  if (text.IsEmpty()) return std::string();
  const v8::String::Utf8Value utf8(isolate_, text);
  return *utf8 == nullptr ? std::string() : std::string(*utf8, utf8.length());
}

}  // namespace mprof
