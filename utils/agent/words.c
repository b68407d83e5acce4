/*
 * The words of the kernel's command line that are for us, all optional:
 *
 *   eulab.mode=run|shell     run one command for the host, or a shell on the console (the default)
 *   eulab.port=ttyS1         where the host is to be found when there is no virtio port
 *   eulab.hostname=NAME
 *   eulab.ip=ADDRESS/PREFIX,...|dhcp|none    eulab.gateway=ADDRESS,...    eulab.dns=ADDRESS,...
 *                            of eth0; eulab.ip.1 and so on of eth1
 *   eulab.mac=ADDRESS,...    which card is to be eth0, eth1 and so on
 *   eulab.root=DEVICE ro|rw init=PATH    go on in the file system of this disk, see utils/guest/etc/eulab/root
 *   eulab.share=TAG:TYPE:ro|rw:FOLDER    a folder of the host: what to mount, and where; one word for each
 *   eulab.cwd=FOLDER         where the command or the shell starts
 *   eulab.term=TERM  eulab.rows=N  eulab.columns=N    of the terminal at the other end of the console
 *   eulab.profile=1          say on the console when each part of the start is done
 *
 * In a FOLDER, bytes that are special to the kernel or here are written as \0ooo, their value in octal.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <stdlib.h>
#include <string.h>

/* COMMAND_LINE_SIZE of every architecture that we know is at most this. */
static char line[8192];

/* Undoes the escapes where the text stands: it only gets shorter. */
static void unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from != '\0'; to++) {
		char octal[4] = "";
		if (from[0] == '\\' && from[1] == '0' && strspn(from + 2, "01234567") >= 3) {
			memcpy(octal, from + 2, 3);
			*to = (char)strtoul(octal, NULL, 8);
			from += 5;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* Splits TAG:TYPE:ro|rw:FOLDER where it stands; false when it is none. */
static bool share_parse(char *text, struct share *share)
{
	char *mode;

	share->tag = strsep(&text, ":");
	share->type = strsep(&text, ":");
	mode = strsep(&text, ":");
	if (mode == NULL || text == NULL)
		return false;
	share->read_only = strcmp(mode, "ro") == 0;
	unescape(text);
	share->folder = text;
	return true;
}

/* KEY, or KEY.N with a card's number, of what is said of each card. */
static void take_card(struct words *words, const char *word, const char *value)
{
	struct {
		const char *key;
		size_t offset;
	} keys[] = {
		{ "eulab.ip", offsetof(struct card, ip) },
		{ "eulab.gateway", offsetof(struct card, gateway) },
		{ "eulab.dns", offsetof(struct card, dns) },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t length = strlen(keys[i].key);
		if (strncmp(word, keys[i].key, length) != 0 || (word[length] != '\0' && word[length] != '.'))
			continue;
		unsigned long number = word[length] == '.' ? strtoul(word + length + 1, NULL, 10) : 0;
		if (number < CARDS)
			*(const char **)((char *)&words->cards[number] + keys[i].offset) = value;
	}
}

static void take(struct words *words, char *word)
{
	struct {
		const char *key;
		const char **text;
		uint16_t *number;
		bool *flag;
	} keys[] = {
		{ .key = "eulab.port", .text = &words->port },
		{ .key = "eulab.hostname", .text = &words->hostname },
		{ .key = "eulab.mac", .text = &words->mac },
		{ .key = "eulab.root", .text = &words->root },
		{ .key = "init", .text = &words->init },
		{ .key = "eulab.term", .text = &words->term },
		{ .key = "eulab.rows", .number = &words->rows },
		{ .key = "eulab.columns", .number = &words->columns },
		{ .key = "eulab.profile", .flag = &words->profile },
	};
	char *value = strchr(word, '=');

	if (strcmp(word, "ro") == 0 || strcmp(word, "rw") == 0)
		words->read_only = word[1] == 'o';
	if (value == NULL || value[1] == '\0')
		return;
	*value++ = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(word, keys[i].key) != 0)
			continue;
		if (keys[i].text != NULL)
			*keys[i].text = value;
		if (keys[i].number != NULL)
			*keys[i].number = (uint16_t)strtoul(value, NULL, 10);
		if (keys[i].flag != NULL)
			*keys[i].flag = true;
	}
	take_card(words, word, value);
	if (strcmp(word, "eulab.mode") == 0)
		words->run = strcmp(value, "run") == 0;
	if (strcmp(word, "eulab.share") == 0 && words->share_count < SHARES && share_parse(value, &words->shares[words->share_count]))
		words->share_count++;
	if (strcmp(word, "eulab.cwd") == 0) {
		unescape(value);
		words->folder = value;
	}
}

void words_read(struct words *words)
{
	char *rest = line, *word;

	memset(words, 0, sizeof(*words));
	read_text("/proc/cmdline", line, sizeof(line));
	while ((word = strsep(&rest, " \n")) != NULL)
		take(words, word);
}
