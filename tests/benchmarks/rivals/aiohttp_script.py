"""The fair script: what somebody who knows asyncio would write without any library for ConnectWise, 8 calls in flight.

python aiohttp_script.py < wanted.json
"""

import asyncio
import base64
import json
import os
import sys
import time

import aiohttp
from reported import ATTEMPTS, pause_s, report

URL = f"{os.environ['SIMULATOR_URL']}/v4_6_release/apis/3.0/finance/agreements"
LOGIN = f"{os.environ['COMPANY_ID']}+{os.environ['PUBLIC_KEY']}:{os.environ['PRIVATE_KEY']}"
HEADERS = {
    "Authorization": f"Basic {base64.b64encode(LOGIN.encode()).decode()}",
    "clientId": "9f6b7f5e-1d0b-4c55-8b0c-2d0f6f1b7a11",
}
IN_FLIGHT = 8


class Failed(Exception):
    pass


class ConnectWise:
    def __init__(self, session):
        self.session = session
        self.places = asyncio.Semaphore(IN_FLIGHT)

    async def once(self, verb, path, **options):
        """The answer, or how long to wait before trying again; none where the server does not say."""
        async with self.places, self.session.request(verb, f"{URL}/{path}", **options) as answer:
            if answer.status == 429:
                return None, float(answer.headers.get("Retry-After", 1))
            if answer.status >= 500:
                return None, None
            if answer.status >= 400:
                raise Failed(await answer.text())
            return await answer.json(), None

    async def call(self, verb, path, **options):
        for attempt in range(1, ATTEMPTS + 1):
            wait = None
            try:
                answer, wait = await self.once(verb, path, **options)
                if answer is not None:
                    return answer
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, asyncio.TimeoutError):
                pass
            if attempt < ATTEMPTS:
                await asyncio.sleep(pause_s(attempt) if wait is None else wait)
        raise Failed(f"{verb} {path}")


async def bill(psa, agreement, additions, wanted, effective):
    in_force = (one for one in additions if one["product"]["id"] == wanted["product"] and not one.get("cancelledDate"))
    addition = next(in_force, None)
    quantity = wanted["quantity"]
    if addition is None:
        created = {
            "product": {"id": wanted["product"]},
            "billCustomer": "Billable",
            "quantity": quantity,
            "effectiveDate": effective,
        }
        await psa.call("POST", f"{agreement}/additions", json=created)
        return "created"
    if addition["quantity"] == quantity:
        return "unchanged"
    patch = [{"op": "replace", "path": "quantity", "value": quantity}]
    await psa.call("PATCH", f"{agreement}/additions/{addition['id']}", json=patch)
    return "updated"


async def ended(psa, agreement, additions, wanted, effective):
    try:
        outcome = await bill(psa, agreement, additions, wanted, effective)
    except Failed:
        outcome = "failed"
    return agreement, wanted["product"], outcome


async def sync(psa, customer, effective):
    agreement, products = customer["agreement"], customer["products"]
    try:
        additions = await psa.call("GET", f"{agreement}/additions", params={"pageSize": 1000})
    except Failed:
        return [(agreement, wanted["product"], "failed") for wanted in products]
    return await asyncio.gather(*(ended(psa, agreement, additions, wanted, effective) for wanted in products))


async def main():
    work = json.load(sys.stdin)
    start = time.monotonic()
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(headers=HEADERS, timeout=timeout) as session:
        psa = ConnectWise(session)
        done = await asyncio.gather(*(sync(psa, customer, work["effective"]) for customer in work["customers"]))
    report(start, [one for customer in done for one in customer])


asyncio.run(main())
