"""The work as one would write it with the PyPI package connectpyse; `cargo scale rivals` starts it.

python connectpyse_script.py < wanted.json
"""

import base64
import json
import os
import re
import sys
import time

from connectpyse.finance.agreement_addition import AgreementAddition
from connectpyse.finance.agreement_additions_api import AgreementAdditionsAPI
from connectpyse.restapi import ApiError
from reported import ATTEMPTS, pause_s, report
from requests import RequestException

LOGIN = f"{os.environ['COMPANY_ID']}+{os.environ['PUBLIC_KEY']}:{os.environ['PRIVATE_KEY']}"
SERVER = {
    "url": f"{os.environ['SIMULATOR_URL']}/v4_6_release/apis/3.0",
    "auth": {
        "Authorization": f"Basic {base64.b64encode(LOGIN.encode()).decode()}",
        "clientId": "9f6b7f5e-1d0b-4c55-8b0c-2d0f6f1b7a11",
    },
}


class Failed(Exception):
    pass


def wait_s(error, attempt):
    """How long to wait before trying again; none where that is of no use. The client has status and body as one text."""
    status = re.search(r"Return code: (\d+)", str(error)) if isinstance(error, ApiError) else None
    if status and int(status[1]) == 429:
        told = re.search(r"(\d+) second", str(error))
        return int(told[1]) if told else pause_s(attempt)
    if status and int(status[1]) < 500:
        return None
    return pause_s(attempt)


def retried(call):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return call()
        except (ApiError, RequestException) as error:
            wait = wait_s(error, attempt)
            if wait is None or attempt == ATTEMPTS:
                raise Failed from error
            time.sleep(wait)


def bill(api, additions, wanted, effective):
    found = (one for one in additions if one.product["id"] == wanted["product"] and not one.cancelledDate)
    addition = next(found, None)
    quantity = wanted["quantity"]
    if addition is None:
        created = AgreementAddition(
            {
                "product": {"id": wanted["product"]},
                "billCustomer": "Billable",
                "quantity": quantity,
                "effectiveDate": effective,
            }
        )
        retried(lambda: api.create_agreement_addition(created))
        return "created"
    if addition.quantity == quantity:
        return "unchanged"
    retried(lambda: api.update_agreement_addition(addition.id, "quantity", quantity))
    return "updated"


def sync(customer, effective):
    agreement = customer["agreement"]
    api = AgreementAdditionsAPI(agreement, **SERVER)
    api.pageSize = 1000
    try:
        additions = retried(lambda: list(api.get_agreement_additions()))
    except Failed:
        additions = None
    for wanted in customer["products"]:
        try:
            outcome = "failed" if additions is None else bill(api, additions, wanted, effective)
        except Failed:
            outcome = "failed"
        yield agreement, wanted["product"], outcome


def main():
    work = json.load(sys.stdin)
    start = time.monotonic()
    ended = [one for customer in work["customers"] for one in sync(customer, work["effective"])]
    report(start, ended)


main()
