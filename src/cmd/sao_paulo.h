/*
 * The clock of São Paulo, in which the Olist data set is written, without a zone.
 *
 * UTC−03:00, and UTC−02:00 in summer: from the third Sunday of October (2018: the first of
 * November) to the third Sunday of February, both at 00:00 (decrees 6558/2008, 8112/2013 and
 * 9242/2017; abolished by decree 9772/2019). What these rules say is tabled for 2015-10 onwards;
 * earlier times are refused. An hour that was skipped is read as winter time, one that came twice
 * as its first.
 */
#pragma once

#include "base/time.h"

/* "10/2/2017 10:56" (month first) or "2017-10-02 10:56:33". False if it is neither. */
MUST_CHECK bool sao_paulo_parse(struct text text, int64_t *at);
/* Microseconds since 1970 on a clock on the wall there, to UTC. */
MUST_CHECK bool sao_paulo_to_utc(int64_t local, int64_t *at);
