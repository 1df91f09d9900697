"""The PyPI package sfos-central-sdk, as published, at work on the Sophos simulator; `run` starts both.

Its hosts are fixed in its code. Over https the environment alone leads it to the simulator, see `detour.py`. Over http,
which it never speaks by itself, the two addresses of its module `central.session` are set anew, and nothing else.
"""

import os
from datetime import datetime, timezone

from central import session
from central.classes import ReturnState
from central.firewalls.licenses.methods import get_licenses
from central.session import CentralSession

URL = os.environ["SIMULATOR_URL"]
if URL.startswith("http:"):
    session._auth_url = f"{URL}/api/v2/oauth2/token"
    session._whoami_url = f"{URL}/whoami/v1"


def equal(found, expected):
    # No assert statement: those are gone under python -O.
    if found != expected:
        raise AssertionError(f"expected {expected!r}, found {found!r}")


def signs_in():
    central = CentralSession(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    equal((central.authenticate().success, central.auth.is_valid()), (True, True))
    equal(central.whoami.idType, "partner")
    expected = URL if URL.startswith("http:") else "https://api.central.sophos.com"
    equal(central.whoami.global_url(), expected)
    return central


def lists_tenants(central):
    tenants = central.get_tenants()
    equal(len(tenants), 52)
    bakery = tenants.get_tenant_by_name("Amberquill Bakery")
    equal((bakery.status, bakery.contact["email"]), ("active", "office@amberquill-bakery.example"))
    equal(tenants.get_tenant_by_id(bakery.id).name, bakery.name)
    counts = [len(tenants.get_tenants_by_billingType(billed)) for billed in ("usage", "term", "trial")]
    equal(counts, [49, 2, 1])
    equal(len(tenants.get_tenants_by_status("suspended")), 1)
    return bakery


def pages_through_everything(central):
    partner = {"partner_id": central.whoami.id}
    pages = [central.get_page("/partner/v1/tenants", page=n, pageSize=20, **partner).value for n in (1, 2, 3)]
    equal([page.pages.total for page in pages], [3, 3, 3])
    equal(len({tenant["id"] for page in pages for tenant in page.items}), pages[0].pages.items)
    now = datetime.now(timezone.utc)
    path = f"/partner/v1/billing/usage/{now.year}/{now.month}"
    lines = central.get(path, params={}, **partner).value
    equal(len(lines), central.get_page(path, **partner).value.pages.items)
    return path, lines


def filters(central, bakery, path, lines):
    partner = {"partner_id": central.whoami.id}
    by = {"by id": {"accountId": bakery.id}, "by contact": {"contactEmail": bakery.contact["email"]}}
    expected = [{"productCode": line["productCode"]} for line in lines if line.get("accountId") == bakery.id]
    for params in by.values():
        equal(central.get(path, params={"fields": "productCode", **params}, **partner).value, expected)
    one = central.get_page(f"/partner/v1/tenants/{bakery.id}", paginated=False, **partner).value.data
    equal((one["name"], one["organization"]), (bakery.name, bakery.organization))


def reads_licences(central, lines):
    licences = get_licenses(central, partner_id=central.whoami.id)
    equal(len(licences), 3)
    claimed = licences.get_license_by_serial_number("C01001FWALL0001")
    equal((claimed.owner.type, claimed.owner.id, claimed.modelType), ("tenant", claimed.tenant.id, "hardware"))
    equal([licence.product.code for licence in claimed.licenses], ["XGS-FW"])
    equal(licences.get_license_by_serial_number("C01001FWALL0003").owner.type, "partner")
    unassigned = {line["accountNumberOrSerialNumber"] for line in lines if "accountId" not in line}
    equal({licence.serialNumber for licence in licences} - unassigned, set())
    own = get_licenses(central, tenant_id=claimed.owner.id)
    equal({licence.serialNumber for licence in own}, {"C01001FWALL0001", "C01001FWALL0002"})


def reads_errors(central):
    refused = CentralSession(os.environ["CLIENT_ID"], "wrong")._do_authenticate()
    equal((refused.success, "401" in refused.message), (False, True))
    equal("oauth.invalid_client_secret" in refused.message, True)
    absent = central.get_page("/partner/v1/billing/usage/1999/1", partner_id=central.whoami.id)
    equal((absent.success, absent.value.status_code, absent.value.data["error"]), (False, 404, "NotFound"))
    stranger = get_licenses(central, partner_id="5eed0000-0000-4000-8000-000000000000")
    equal((isinstance(stranger, ReturnState), stranger.message), (True, "error: received status code 403"))


def main():
    central = signs_in()
    bakery = lists_tenants(central)
    path, lines = pages_through_everything(central)
    filters(central, bakery, path, lines)
    reads_licences(central, lines)
    reads_errors(central)


main()
