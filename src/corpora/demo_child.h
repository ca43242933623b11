#pragma once

#include <functional>
#include <string>

namespace lipsound2::corpora::demo {

/// Runs `work` in a child process and returns the bytes that it returned: for libraries whose state
/// outlives a call. An Error that the work throws comes back as that Error; a child that dies, or
/// that cannot be started, is a kIo Error that names `what`. The work must not rely on the threads
/// of this process. Any thread may call it.
std::string run_in_child(const std::string& what, const std::function<std::string()>& work);

}  // namespace lipsound2::corpora::demo
