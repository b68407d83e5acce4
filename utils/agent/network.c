/* The guest's network cards: their names, addresses and routes, as the words of the kernel's command line have them. */
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* struct in6_ifreq of linux/ipv6.h, which musl does not bring. */
struct inet6_request {
	struct in6_addr address;
	uint32_t prefix;
	int index;
};

/* One socket of each family; the second is -1 in a kernel without IPv6. */
static int inet_fd, inet6_fd;

/* Runs a program with a file as its output and waits for it; its status, or -1. */
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

static bool set_up(const char *name)
{
	struct ifreq request = { 0 };

	strcpy(request.ifr_name, name);
	if (ioctl(inet_fd, SIOCGIFFLAGS, &request) != 0)
		return false;
	request.ifr_flags |= IFF_UP;
	return ioctl(inet_fd, SIOCSIFFLAGS, &request) == 0;
}

static bool rename_card(const char *from, const char *to)
{
	struct ifreq request = { 0 };

	strcpy(request.ifr_name, from);
	strcpy(request.ifr_newname, to);
	return ioctl(inet_fd, SIOCSIFNAME, &request) == 0;
}

static bool has_address(const char *name, const uint8_t *address)
{
	struct ifreq request = { 0 };

	strcpy(request.ifr_name, name);
	return ioctl(inet_fd, SIOCGIFHWADDR, &request) == 0 && memcmp(request.ifr_hwaddr.sa_data, address, 6) == 0;
}

/* The name of the card with this hardware address; false when there is none. */
static bool find_card(const char *text, char *name)
{
	uint8_t address[6];
	bool found = false;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", address, address + 1, address + 2, address + 3, address + 4,
		   address + 5) != 6)
		return false;
	struct if_nameindex *all = if_nameindex();
	for (struct if_nameindex *one = all; one != NULL && one->if_index != 0 && !found; one++) {
		found = has_address(one->if_name, address);
		if (found)
			strcpy(name, one->if_name);
	}
	if_freenameindex(all);
	return found;
}

/*
 * Gives the cards their numbers in the host's order: kernels number them by the order of their drivers. By way of names that
 * nobody has, for two may have each other's.
 */
static void order_cards(const char *list)
{
	char copy[CARDS * 18 + 1], between[IF_NAMESIZE], name[IF_NAMESIZE];
	char *rest = copy, *word;
	unsigned count = 0;

	snprintf(copy, sizeof(copy), "%s", list);
	for (; (word = strsep(&rest, ",")) != NULL && count < CARDS; count++) {
		snprintf(between, sizeof(between), "card%u", count);
		if (!find_card(word, name))
			say("no driver of this kernel took the network card eth%u (%s)", count, word);
		else if (!rename_card(name, between))
			say("%s cannot be named eth%u: %s", name, count, strerror(errno));
	}
	for (unsigned i = 0; i < count; i++) {
		snprintf(between, sizeof(between), "card%u", i);
		snprintf(name, sizeof(name), "eth%u", i);
		if (if_nametoindex(between) != 0 && !rename_card(between, name))
			say("%s cannot be named %s: %s", between, name, strerror(errno));
	}
}

static struct sockaddr_in inet(uint32_t address)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = address };
}

static bool set_inet(const char *label, unsigned long what, uint32_t address)
{
	struct ifreq request = { 0 };
	struct sockaddr_in to = inet(address);

	strcpy(request.ifr_name, label);
	memcpy(&request.ifr_addr, &to, sizeof(to));
	return ioctl(inet_fd, what, &request) == 0;
}

static bool add_inet(const char *name, unsigned count, struct in_addr address, unsigned prefix)
{
	char label[IF_NAMESIZE + 4];
	uint32_t mask = prefix == 0 ? 0 : htonl(~0u << (32 - prefix));

	/* A second address is a label of the card's name. */
	snprintf(label, sizeof(label), count == 0 ? "%s" : "%s:%u", name, count);
	return set_inet(label, SIOCSIFADDR, address.s_addr) && set_inet(label, SIOCSIFNETMASK, mask) && set_up(name);
}

/* The user chose the address: nobody waits two seconds to see whether another has it. */
static void skip_detection(const char *name)
{
	char path[64 + IF_NAMESIZE];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_dad", name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "0", 1) != 1)
		say("%s: %s", path, strerror(errno));
	close(fd);
}

static bool add_inet6(const char *name, struct in6_addr address, unsigned prefix)
{
	struct inet6_request request = { .address = address, .prefix = prefix, .index = (int)if_nametoindex(name) };

	skip_detection(name);
	return set_up(name) && ioctl(inet6_fd, SIOCSIFADDR, &request) == 0;
}

/* One ADDRESS/PREFIX; `count` is how many of IPv4 there were before. */
static void add_address(const char *name, const char *text, unsigned *count)
{
	char host[INET6_ADDRSTRLEN] = "";
	struct in_addr address;
	struct in6_addr address6;
	const char *slash = strchr(text, '/');
	bool done = false;

	errno = EINVAL;
	if (slash != NULL && (size_t)(slash - text) < sizeof(host)) {
		memcpy(host, text, (size_t)(slash - text));
		unsigned prefix = (unsigned)strtoul(slash + 1, NULL, 10);
		if (prefix <= 32 && inet_pton(AF_INET, host, &address) == 1)
			done = add_inet(name, (*count)++, address, prefix);
		else if (prefix <= 128 && inet_pton(AF_INET6, host, &address6) == 1)
			done = add_inet6(name, address6, prefix);
	}
	if (!done)
		say("cannot give %s the address %s: %s", name, text, strerror(errno));
}

static void add_gateway(const char *name, const char *text)
{
	struct in_addr gateway;
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };
	struct in6_rtmsg route6 = { .rtmsg_flags = RTF_UP | RTF_GATEWAY, .rtmsg_metric = 1024 };
	int result = -1;

	errno = EINVAL;
	if (inet_pton(AF_INET, text, &gateway) == 1) {
		struct sockaddr_in any = inet(INADDR_ANY), via = inet(gateway.s_addr);
		memcpy(&route.rt_dst, &any, sizeof(any));
		memcpy(&route.rt_genmask, &any, sizeof(any));
		memcpy(&route.rt_gateway, &via, sizeof(via));
		result = ioctl(inet_fd, SIOCADDRT, &route);
	} else if (inet_pton(AF_INET6, text, &route6.rtmsg_gateway) == 1) {
		route6.rtmsg_ifindex = (int)if_nametoindex(name);
		result = ioctl(inet6_fd, SIOCADDRT, &route6);
	}
	if (result != 0 && errno != EEXIST)
		say("cannot route by %s: %s", text, strerror(errno));
}

/* The first one replaces what an initramfs brought, which is not this machine's. */
static void add_dns(const char *text)
{
	static int place = O_TRUNC;
	int fd = open("/etc/resolv.conf", O_WRONLY | O_CREAT | O_CLOEXEC | place, 0644);

	if (fd < 0)
		return;
	place = O_APPEND;
	dprintf(fd, "nameserver %s\n", text);
	close(fd);
}

/* The next of a list with commas, in `item`; false at its end. */
bool next_of(const char **list, char *item, size_t size)
{
	if (*list == NULL || **list == '\0')
		return false;
	size_t length = strcspn(*list, ",");
	snprintf(item, size, "%.*s", (int)length, *list);
	*list += length + ((*list)[length] == ',');
	return true;
}

static void set_card(const char *name, const struct card *card)
{
	const char *list = card->ip;
	char item[INET6_ADDRSTRLEN + 5];
	unsigned count = 0;

	if (strcmp(list, "none") == 0)
		return;
	if (strcmp(list, "dhcp") == 0) {
		/* Three questions, a second apart: a network without a server delays the start, it does not stop it. */
		/* It stays, to renew the lease; ifdown finds it by this file. */
		char pid[32 + IF_NAMESIZE];
		snprintf(pid, sizeof(pid), "/run/udhcpc.%s.pid", name);
		char *const client[] = { "udhcpc", "-R", "-n", "-t", "3", "-T", "1", "-p", pid, "-i", (char *)name, NULL };
		if (run(client, "/run/udhcpc.log") != 0)
			say("no DHCP server answered on %s (see /run/udhcpc.log)", name);
		return;
	}
	while (next_of(&list, item, sizeof(item)))
		add_address(name, item, &count);
	for (list = card->gateway; next_of(&list, item, sizeof(item));)
		add_gateway(name, item);
	for (list = card->dns; next_of(&list, item, sizeof(item));)
		add_dns(item);
}

void set_network(const struct words *words)
{
	const char *host = words->hostname == NULL ? "eulab" : words->hostname;
	char name[IF_NAMESIZE];

	sethostname(host, strlen(host));
	inet_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	inet6_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (inet_fd < 0)
		return;
	set_up("lo");
	if (words->mac != NULL)
		order_cards(words->mac);
	for (unsigned i = 0; i < CARDS; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		if (words->cards[i].ip != NULL && if_nametoindex(name) != 0)
			set_card(name, &words->cards[i]);
	}
	write_interfaces(words);
	close(inet_fd);
	if (inet6_fd >= 0)
		close(inet6_fd);
}
