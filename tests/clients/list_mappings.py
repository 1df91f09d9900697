"""Lists product mappings with the Python client that `run` generates from the API's document."""

import os

from usage_sync.api.product_mappings import list_product_mappings
from usage_sync.client import AuthenticatedClient
from usage_sync.models.list_product_mappings_state import ListProductMappingsState
from usage_sync.models.list_product_row import ListProductRow
from usage_sync.types import Unset


def main() -> None:
    with AuthenticatedClient(base_url=os.environ["API"], token=os.environ["TOKEN"]) as client:
        page = list_product_mappings.sync(client=client, state=ListProductMappingsState.MAPPED, page_size=3)
    assert isinstance(page, ListProductRow), page
    assert [row.state for row in page.items] == ["mapped"] * 3, page
    assert page.pages.next_key and not isinstance(page.pages.next_key, Unset), "more than one page"
    print("Python:", ", ".join(row.code for row in page.items))


main()
