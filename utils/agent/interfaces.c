/*
 * /etc/network/interfaces: what the host said of the cards, in the form that interfaces(5) describes and ifup(8) and ifdown(8) read.
 * The cards are set up by network.c, which need not start a program for it; this is for who looks, and for `ifdown -a; ifup -a`.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Those of a list with commas that are of one family, with a space before each; returns how many. */
static unsigned of_family(const char *list, bool six, char *out, size_t size)
{
	unsigned count = 0;
	char item[INET6_ADDRSTRLEN + 5];

	out[0] = '\0';
	while (next_of(&list, item, sizeof(item))) {
		if ((strchr(item, ':') != NULL) != six)
			continue;
		size_t used = strlen(out);
		snprintf(out + used, size - used, " %s", item);
		count++;
	}
	return count;
}

/* The first address with its netmask, which busybox wants as four numbers or as a length; the others as commands. */
static void write_static(FILE *file, const char *name, const struct card *card, bool six)
{
	char all[1024], gateways[256], servers[512], mask[INET_ADDRSTRLEN];
	char *rest = all + 1, *word;
	unsigned count = 0;

	if (of_family(card->ip, six, all, sizeof(all)) == 0)
		return;
	fprintf(file, "iface %s inet%s static\n", name, six ? "6" : "");
	while ((word = strsep(&rest, " ")) != NULL) {
		if (count++ > 0) {
			fprintf(file, "\tup ip address add %s dev %s\n", word, name);
			continue;
		}
		char *address = strsep(&word, "/");
		unsigned prefix = word == NULL ? 0 : (unsigned)strtoul(word, NULL, 10);
		struct in_addr bits = { six || prefix == 0 ? 0 : htonl(~0u << (32 - prefix)) };
		fprintf(file, "\taddress %s\n", address);
		if (six)
			fprintf(file, "\tnetmask %u\n", prefix);
		else
			fprintf(file, "\tnetmask %s\n\tbroadcast +\n", inet_ntop(AF_INET, &bits, mask, sizeof(mask)));
	}
	if (of_family(card->gateway, six, gateways, sizeof(gateways)) > 0)
		fprintf(file, "\tgateway%.*s\n", (int)(1 + strcspn(gateways + 1, " ")), gateways);
	if (of_family(card->dns, six, servers, sizeof(servers)) > 0)
		fprintf(file, "\tdns-nameservers%s\n", servers);
}

static void write_card(FILE *file, const char *name, const struct card *card)
{
	fprintf(file, "\nauto %s\n", name);
	if (strcmp(card->ip, "dhcp") == 0 || strcmp(card->ip, "none") == 0) {
		fprintf(file, "iface %s inet %s\n", name, card->ip[0] == 'd' ? "dhcp" : "manual");
		return;
	}
	write_static(file, name, card, false);
	write_static(file, name, card, true);
}

void write_interfaces(const struct words *words)
{
	char name[IF_NAMESIZE];
	/* One that an initramfs brought stays. */
	int fd = open("/etc/network/interfaces", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	/* What is up, as ifup has it: else ifdown would not know of it. */
	FILE *state = file == NULL ? NULL : fopen("/run/ifstate", "we");

	if (file == NULL)
		return;
	fputs("# What the host said of this machine's cards; see interfaces(5). For ifup -a and ifdown -a.\n", file);
	fputs("auto lo\niface lo inet loopback\n", file);
	if (state != NULL)
		fputs("lo=lo\n", state);
	for (unsigned i = 0; i < CARDS; i++) {
		snprintf(name, sizeof(name), "eth%u", i);
		if (words->cards[i].ip == NULL || if_nametoindex(name) == 0)
			continue;
		write_card(file, name, &words->cards[i]);
		if (state != NULL)
			fprintf(state, "%s=%s\n", name, name);
	}
	fclose(file);
	if (state != NULL)
		fclose(state);
}
