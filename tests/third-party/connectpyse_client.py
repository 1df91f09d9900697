"""The PyPI package connectpyse, as published, at work on the simulator; `run` starts both."""

import base64
import json
import os

from connectpyse.company.companies_api import CompaniesAPI
from connectpyse.finance.agreement_addition import AgreementAddition
from connectpyse.finance.agreement_additions_api import AgreementAdditionsAPI
from connectpyse.finance.agreements_api import AgreementsAPI
from connectpyse.procurement.catalog_item_api import CatalogItemAPI
from connectpyse.restapi import ApiError

URL = f"{os.environ['SIMULATOR_URL']}/v4_6_release/apis/3.0"


def keys(public_key):
    login = f"{os.environ['COMPANY_ID']}+{public_key}:{os.environ['PRIVATE_KEY']}"
    basic = base64.b64encode(login.encode()).decode()
    return {"Authorization": f"Basic {basic}", "clientId": "9f6b7f5e-1d0b-4c55-8b0c-2d0f6f1b7a11"}


SERVER = {"url": URL, "auth": keys(os.environ["PUBLIC_KEY"])}


def equal(found, expected):
    # No assert statement: those are gone under python -O.
    if found != expected:
        raise AssertionError(f"expected {expected!r}, found {found!r}")


def lists_with_a_condition():
    companies = CompaniesAPI(**SERVER)
    companies.conditions = 'identifier="C200"'
    [company] = companies.get_companies()
    equal(company.name, "Gristmill Veterinary")
    agreements = AgreementsAPI(**SERVER)
    agreements.conditions = f"company/id={company.id}"
    [agreement] = agreements.get_agreements()
    equal(agreement.name, "Gristmill Veterinary security")
    return agreement


def pages_through_everything():
    catalog = CatalogItemAPI(**SERVER)
    catalog.orderBy, catalog.pageSize, catalog.page = "id", 2, 1
    found, pages = set(), 0
    while page := [item.id for item in catalog.get_catalog_items()]:
        found.update(page)
        pages += 1
        catalog.page += 1
    items = CatalogItemAPI(**SERVER).get_catalog_items_count()
    equal(len(found), items)
    equal(pages, -(-items // catalog.pageSize))


def creates(additions):
    sent = {"product": {"id": 3}, "billCustomer": "Billable", "quantity": 7, "effectiveDate": "2026-11-01T00:00:00Z"}
    created = additions.create_agreement_addition(AgreementAddition(sent))
    equal(created.product["identifier"], "Sophos_Device_Encryption")
    equal(created.effectiveDate, sent["effectiveDate"])
    equal(additions.get_agreement_addition_by_id(created.id).__dict__, created.__dict__)
    return created


def patches(additions, addition):
    equal(additions.update_agreement_addition(addition.id, "quantity", 9).quantity, 9)
    changed = additions.update_agreement_addition_multiple_keys(addition.id, {"quantity": 10, "lessIncluded": 4})
    equal((changed.quantity, changed.lessIncluded, changed.billedQuantity), (10, 4, 6))
    equal(additions.get_agreement_addition_by_id(addition.id).quantity, 10)
    additions.delete_agreement_addition_by_id(addition.id)


def refusal(call):
    """The status and the body that a call is refused with; the client has both only as one text."""
    try:
        call()
    except ApiError as error:
        first, body = str(error).split("Server message:", 1)
        return int(first.split("Return code:")[1]), json.loads(body)
    raise AssertionError("the call was not refused")


def reads_errors(additions, gone):
    status, body = refusal(lambda: additions.create_agreement_addition(AgreementAddition({"quantity": 1})))
    equal((status, body["code"]), (400, "InvalidObject"))
    equal({"code": "MissingRequiredField", "field": "product"}.items() <= body["errors"][0].items(), True)
    status, body = refusal(lambda: additions.get_agreement_addition_by_id(gone.id))
    equal((status, body["code"]), (404, "NotFound"))
    agreements = AgreementsAPI(**SERVER)
    agreements.conditions = "invented=1"
    status, body = refusal(lambda: list(agreements.get_agreements()))
    equal((status, body["code"]), (400, "ApiFindCondition"))
    stranger = AgreementsAPI(url=URL, auth=keys("stranger"))
    status, body = refusal(lambda: list(stranger.get_agreements()))
    equal((status, body["code"]), (401, "Unauthorized"))


def main():
    agreement = lists_with_a_condition()
    pages_through_everything()
    additions = AgreementAdditionsAPI(agreement.id, **SERVER)
    addition = creates(additions)
    patches(additions, addition)
    reads_errors(additions, addition)


main()
