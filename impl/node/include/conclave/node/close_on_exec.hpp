// Descriptors that do not outlive the process's exec.
#pragma once

#include <fcntl.h>

namespace conclave::node {

// A program that this process starts must not inherit a socket: it would keep the port, and the connection open. Asio
// 1.74 sees to that with its own descriptors only. A program that another thread starts before this call gets it still.
template <class Socket>
void close_on_exec(Socket& socket) {
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

}  // namespace conclave::node
