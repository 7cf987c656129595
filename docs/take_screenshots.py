"""Takes the pictures of docs/images from a running `make demo`, in headless Chromium, as a person would see them.

Usage: make demo in one terminal; then python docs/take_screenshots.py ADDRESS USER PASSWORD, as the demo prints
them. Logs in, fills the form of simple_postgres_copy, triggers it, and waits for the run. Needs Chromium and its driver
(Debian: chromium, chromium-driver, fonts-nanum).
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as expected
from selenium.webdriver.support.ui import WebDriverWait

IMAGES = Path(__file__).resolve().parent / "images"
SIZE = "1440,900"
PATIENCE_SECONDS = 60
DAG_ID = "simple_postgres_copy"
SOURCE_TABLE = "station_info"


def main(address: str, user: str, password: str) -> None:
    """Take every picture."""
    IMAGES.mkdir(exist_ok=True)
    with browser() as driver:
        page = Page(driver, address)
        page.log_in(user, password)
        page.picture("dags", "/dags")
        page.fill_form()
        page.save("form")
        run = page.trigger()
        page.picture("run", f"{run}/tasks/copy")
        page.picture("result", f"{run}/tasks/copy/xcom")


def browser() -> webdriver.Chrome:
    """A headless Chromium that asks for nothing outside."""
    options = webdriver.ChromeOptions()
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-background-networking",
        f"window-size={SIZE}",
    ):
        options.add_argument(f"--{argument}")
    # Named, so that Selenium does not look for one to download.
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


class Page:
    """The UI at an address, and what a person does there."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver = driver
        self.address = address
        self.patience = WebDriverWait(driver, PATIENCE_SECONDS)

    def log_in(self, user: str, password: str) -> None:
        """Log in by the form."""
        self.driver.get(self.address)
        self.find("input[name=username]").send_keys(user)
        self.find("input[name=password]").send_keys(password)
        self.find("button[type=submit]").click()
        self.patience.until(expected.presence_of_element_located((By.CSS_SELECTOR, "a[href*='/dags']")))

    def picture(self, name: str, path: str) -> None:
        """Go to a page and take its picture when it has come to rest."""
        self.driver.get(self.address + path)
        self.save(name)

    def save(self, name: str) -> None:
        """Take a picture of what is shown, once two looks at it are the same."""
        before = b""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (now := self.driver.get_screenshot_as_png()) != before and time.monotonic() < deadline:
            before = now
            time.sleep(1)
        (IMAGES / f"{name}.png").write_bytes(now)

    def fill_form(self) -> None:
        """Open the trigger form and name the source table."""
        self.driver.get(f"{self.address}/dags/{DAG_ID}")
        self.button("Trigger").click()
        self.find("input[name=element_source_table]").send_keys(SOURCE_TABLE)

    def trigger(self) -> str:
        """Press the form's button, wait until the run has succeeded, and return the run's path."""
        buttons = self.driver.find_elements(By.XPATH, "//button[contains(., 'Trigger')]")
        buttons[-1].click()
        self.patience.until(expected.url_contains("/runs/"))
        path = "/dags" + self.driver.current_url.partition("/dags")[2].split("?")[0]
        self.patience.until(expected.presence_of_element_located((By.XPATH, "//*[contains(text(), 'Success')]")))
        return path

    def find(self, selector: str) -> WebElement:
        """The element that a CSS selector finds, when it is there."""
        return self.patience.until(expected.element_to_be_clickable((By.CSS_SELECTOR, selector)))

    def button(self, text: str) -> WebElement:
        """The first button with a text."""
        return self.patience.until(expected.element_to_be_clickable((By.XPATH, f"//button[contains(., '{text}')]")))


if __name__ == "__main__":
    main(*sys.argv[1:])
