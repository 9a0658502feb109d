// What processes of ours exchange: bytes and descriptors over a socket, and memory that both have mapped.

#define _GNU_SOURCE
#include "CRunnelSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int runnel_lift_ends(int32_t ends[2]) {
  for (int end = 0; end < 2; end++) {
    if (ends[end] > 2) continue;
    int moved = fcntl(ends[end], F_DUPFD_CLOEXEC, 3);
    int error = errno;
    close(ends[end]);
    if (moved < 0) {
      close(ends[1 - end]);
      return error;
    }
    ends[end] = moved;
  }
  return 0;
}

int runnel_socket_pair(int32_t *one, int32_t *other) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return errno;
  int error = runnel_lift_ends(ends);
  if (error != 0) return error;
  *one = ends[0];
  *other = ends[1];
  return 0;
}

// Room for the descriptors, aligned as the kernel wants it.
union control {
  char bytes[CMSG_SPACE(sizeof(int) * RUNNEL_DESCRIPTOR_LIMIT)];
  struct cmsghdr alignment;
};

int64_t runnel_send(int socket, const void *bytes, size_t count, const int32_t *descriptors, int descriptor_count) {
  struct iovec part = {(void *)bytes, count};
  struct msghdr message = {0};
  union control control;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor_count > 0) {
    if (descriptor_count > RUNNEL_DESCRIPTOR_LIMIT) return -E2BIG;
    size_t size = sizeof(int) * (size_t)descriptor_count;
    memset(&control, 0, sizeof control);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), descriptors, size);
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

int64_t runnel_receive(int socket, void *bytes, size_t count, int32_t *descriptors, int *descriptor_count) {
  struct iovec part = {bytes, count};
  struct msghdr message = {0};
  union control control;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  *descriptor_count = 0;
  ssize_t received;
  do {
    received = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return -errno;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int found = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    if (found > RUNNEL_DESCRIPTOR_LIMIT - *descriptor_count) found = RUNNEL_DESCRIPTOR_LIMIT - *descriptor_count;
    memcpy(descriptors + *descriptor_count, CMSG_DATA(header), sizeof(int) * (size_t)found);
    *descriptor_count += found;
  }
  return received;
}

int runnel_shared_memory(int64_t size) {
  int fd = memfd_create("runnel-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  // All of it now: memory that is not there would be a SIGBUS later. Sealed, so that nobody takes it away.
  int error = posix_fallocate(fd, 0, size);
  if (error == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) error = errno;
  if (error != 0) {
    close(fd);
    return -error;
  }
  return fd;
}

int64_t runnel_shared_memory_size(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_size : -errno;
}

void *runnel_map_shared(int fd, int64_t size) {
  void *address = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return address == MAP_FAILED ? NULL : address;
}

void runnel_unmap(void *address, int64_t size) { munmap(address, (size_t)size); }
