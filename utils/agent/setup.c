/*
 * What every program expects of a system: mounts, devices, a network. In C and not in a script because each program that a
 * script starts costs some ten milliseconds under emulation, and all of this takes one.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *type, *target;
	unsigned long flags;
	const char *options;
} mounts[] = {
	{ "devtmpfs", "/dev", 0, NULL },
	{ "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "devpts", "/dev/pts", 0, "mode=620,gid=5" },
	{ "tmpfs", "/dev/shm", 0, "mode=1777" },
	{ "tmpfs", "/run", 0, "mode=755" },
	{ "tmpfs", "/tmp", 0, "mode=1777" },
};

static const struct {
	const char *path, *target;
} links[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "fd/0" },
	{ "/dev/stdout", "fd/1" },
	{ "/dev/stderr", "fd/2" },
};

void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].target, 0755);
		/* Busy: the kernel or an initramfs before this system has mounted it. */
		if (mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags, mounts[i].options) == 0 || errno == EBUSY)
			continue;
		if (i == 0)
			say("no devtmpfs in this kernel (CONFIG_DEVTMPFS): /dev has only what the initramfs brought");
		else
			say("cannot mount %s on %s: %s", mounts[i].type, mounts[i].target, strerror(errno));
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		symlink(links[i].target, links[i].path);
}

/* Runs a program with the console as its output and waits for it; its status, or -1. */
static int run(char *const argv[], const char *output)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY, 0644);
		if (fd >= 0) {
			dup2(fd, 1);
			dup2(fd, 2);
		}
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool set_up(int fd, const char *name)
{
	struct ifreq request = { 0 };

	strcpy(request.ifr_name, name);
	if (ioctl(fd, SIOCGIFFLAGS, &request) != 0)
		return false;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static struct sockaddr_in inet(uint32_t address)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = address };
}

static bool set_inet(int fd, unsigned long what, uint32_t address)
{
	struct ifreq request = { .ifr_name = "eth0" };
	struct sockaddr_in to = inet(address);

	memcpy(&request.ifr_addr, &to, sizeof(to));
	return ioctl(fd, what, &request) == 0;
}

/* ADDRESS/PREFIX of IPv4; false for anything else. */
static bool parse_inet(const char *text, struct in_addr *address, struct in_addr *mask)
{
	char host[INET_ADDRSTRLEN] = "";
	const char *slash = strchr(text, '/');

	if (slash == NULL || (size_t)(slash - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(slash - text));
	unsigned long prefix = strtoul(slash + 1, NULL, 10);
	if (prefix > 32 || inet_pton(AF_INET, host, address) != 1)
		return false;
	mask->s_addr = prefix == 0 ? 0 : htonl(~0u << (32 - prefix));
	return true;
}

static void set_address(int fd, const char *text)
{
	struct in_addr address, mask;

	if (!parse_inet(text, &address, &mask)) {
		/* IPv6. */
		run((char *const[]){ "ip", "address", "add", (char *)text, "dev", "eth0", NULL }, "/dev/console");
		set_up(fd, "eth0");
	} else if (!set_inet(fd, SIOCSIFADDR, address.s_addr) || !set_inet(fd, SIOCSIFNETMASK, mask.s_addr) || !set_up(fd, "eth0")) {
		say("cannot give eth0 the address %s: %s", text, strerror(errno));
	}
}

static void set_gateway(int fd, const char *text)
{
	struct in_addr gateway;
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };
	struct sockaddr_in any = inet(INADDR_ANY);

	if (inet_pton(AF_INET, text, &gateway) != 1) {
		run((char *const[]){ "ip", "route", "add", "default", "via", (char *)text, NULL }, "/dev/console");
		return;
	}
	struct sockaddr_in via = inet(gateway.s_addr);
	memcpy(&route.rt_dst, &any, sizeof(any));
	memcpy(&route.rt_genmask, &any, sizeof(any));
	memcpy(&route.rt_gateway, &via, sizeof(via));
	if (ioctl(fd, SIOCADDRT, &route) != 0 && errno != EEXIST)
		say("cannot route by %s: %s", text, strerror(errno));
}

static void set_dns(const char *text)
{
	int fd = open("/etc/resolv.conf", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return;
	dprintf(fd, "nameserver %s\n", text);
	close(fd);
}

void set_network(const struct words *words)
{
	const char *name = words->hostname == NULL ? "eulab" : words->hostname;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	sethostname(name, strlen(name));
	if (fd < 0)
		return;
	set_up(fd, "lo");
	if (words->ip != NULL && if_nametoindex("eth0") != 0) {
		if (strcmp(words->ip, "dhcp") == 0) {
			/* Three questions, a second apart: a network without a server delays the start, it does not stop it. */
			char *const client[] = { "udhcpc", "-q", "-n", "-t", "3", "-T", "1", "-i", "eth0", NULL };
			if (run(client, "/run/udhcpc.log") != 0)
				say("no DHCP server answered on eth0 (see /run/udhcpc.log)");
		} else if (strcmp(words->ip, "none") != 0) {
			set_address(fd, words->ip);
			if (words->gateway != NULL)
				set_gateway(fd, words->gateway);
			if (words->dns != NULL)
				set_dns(words->dns);
		}
	}
	close(fd);
}

/* mkdir -p; that the last one cannot be made is told by what is done with it. */
static void make_folders(const char *path)
{
	char part[4096];

	for (size_t i = 1; path[0] != '\0' && i < sizeof(part); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		mkdir(part, 0755);
		if (path[i] == '\0')
			return;
	}
}

bool enter_shares(const struct words *words, char *why, size_t size)
{
	for (size_t i = 0; i < words->share_count; i++) {
		const struct share *share = &words->shares[i];
		/* mmap: for programs that map files shared, and nothing else of the host's is held back in the guest. */
		const char *options = strcmp(share->type, "9p") == 0 ? "trans=virtio,version=9p2000.L,msize=512000,cache=mmap" : NULL;
		make_folders(share->folder);
		if (mount(share->tag, share->folder, share->type, share->read_only ? MS_RDONLY : 0, options) == 0)
			continue;
		if (errno == ENODEV)
			snprintf(why, size, "the host's folder cannot be mounted at %s: this kernel needs %s", share->folder,
				 options == NULL ? "CONFIG_VIRTIO_FS" : "CONFIG_9P_FS and CONFIG_NET_9P_VIRTIO");
		else
			snprintf(why, size, "the host's folder cannot be mounted at %s: %s", share->folder, strerror(errno));
		return false;
	}
	if (words->folder == NULL || chdir(words->folder) == 0)
		return true;
	snprintf(why, size, "there is no folder %s in the guest", words->folder);
	return false;
}
