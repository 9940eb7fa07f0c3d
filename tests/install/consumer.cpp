// SPDX-License-Identifier: MIT
// C++20 that includes every public header by itself (the list is made by run.sh) and uses the
// untyped calls.
#include "every_header.h"

#include <cstdio>
#include <thread>

int main()
{
    rn_chan *numbers = rn_chan_new(sizeof(long), 0);
    if (!numbers)
        return 1;
    std::thread producer([numbers] {
        for (long i = 1; i <= 100; i++) {
            if (rn_send(numbers, &i) != 0)
                return;
        }
        rn_close(numbers);
    });
    long sum = 0;
    for (long n; rn_recv(numbers, &n) == 0;)
        sum += n;
    producer.join();
    rn_case cases[] = { RN_RECV(numbers, nullptr) };
    int chosen = rn_try_select(cases, 1);
    rn_chan_unref(numbers);
    std::printf("runnel %s: sum %ld, case %d\n", RN_VERSION, sum, chosen);
    return sum != 5050 || chosen != 0;
}
