{% macro raw_columns(table) -%}
    {{ return({
        'clients': {
            'client_id': 'Client ID', 'name': 'Name', 'age': 'Age', 'location_id': 'Location ID',
            'joined_bank': 'Joined Bank', 'banking_contact': 'Banking Contact',
            'nationality': 'Nationality', 'occupation': 'Occupation',
            'fee_structure': 'Fee Structure', 'loyalty_classification': 'Loyalty Classification',
            'estimated_income': 'Estimated Income',
            'superannuation_savings': 'Superannuation Savings',
            'amount_of_credit_cards': 'Amount of Credit Cards',
            'credit_card_balance': 'Credit Card Balance', 'bank_loans': 'Bank Loans',
            'bank_deposits': 'Bank Deposits', 'checking_accounts': 'Checking Accounts',
            'saving_accounts': 'Saving Accounts',
            'foreign_currency_account': 'Foreign Currency Account',
            'business_lending': 'Business Lending', 'properties_owned': 'Properties Owned',
            'risk_weighting': 'Risk Weighting',
            'br_id': 'BRId', 'gender_id': 'GenderId', 'ia_id': 'IAId',
        },
        'banking_relationships': {
            'br_id': 'BRId', 'banking_relationship': 'Banking Relationship',
        },
        'genders': {'gender_id': 'GenderId', 'gender': 'Gender'},
        'investment_advisors': {'ia_id': 'IAId', 'investment_advisor': 'Investment Advisor'},
    }[table]) }}
{%- endmacro %}

{% macro typed_columns() -%}
    {{ return([
        'client_id', 'client_name', 'age', 'location_id', 'joined_date', 'banking_contact',
        'nationality', 'occupation', 'fee_structure', 'loyalty_classification',
        'estimated_income', 'superannuation_savings', 'amount_of_credit_cards',
        'credit_card_balance', 'bank_loans', 'bank_deposits', 'checking_accounts',
        'saving_accounts', 'foreign_currency_account', 'business_lending', 'properties_owned',
        'risk_weighting', 'banking_relationship', 'gender', 'investment_advisor',
    ]) }}
{%- endmacro %}
